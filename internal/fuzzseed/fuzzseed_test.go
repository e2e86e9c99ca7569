package fuzzseed_test

import (
	"bytes"
	"compress/gzip"
	"reflect"
	"testing"

	"github.com/etorrent/etorrent/internal/fuzzseed"
)

func packed(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestInputsAreReadAsTestingWritesThem(t *testing.T) {
	got, err := fuzzseed.Unpack(packed(t, "go test fuzz v1\n[]byte(\"a\\x00\\n\")\nint64(-5)\n"+
		"go test fuzz v1\nbyte('\\x01')\nstring(\"go test\")\nbyte('\\'')\nuint64(7)\nuint16(3)\n"))
	want := [][]any{{[]byte("a\x00\n"), int64(-5)}, {byte(1), "go test", byte('\''), uint64(7), uint16(3)}}
	if err != nil || !reflect.DeepEqual(got, want) {
		t.Errorf("%#v, %v", got, err)
	}
}

func TestWhatIsNoInputIsRefused(t *testing.T) {
	for _, text := range []string{"5", "int64(", "int64(x)", "int64()", "float32(1)", "[]byte(5)", "byte(300)"} {
		if all, err := fuzzseed.Unpack(packed(t, "go test fuzz v1\n"+text+"\n")); err == nil {
			t.Errorf("%s is %#v", text, all)
		}
	}
	if _, err := fuzzseed.Unpack([]byte("no gzip")); err == nil {
		t.Error("no gzip was read")
	}
}
