//go:build linux

package interop

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

var path = list(text("a"))

// Each torrent is refused for what the text names.
var malformedTorrents = []struct {
	name, bytes, says string
}{
	{"empty", "", "is empty"},
	{"no bencoding", "hello", "byte 0"},
	{"cut off", infoWith(nil)[:50], "byte"},
	{"a string longer than the file", "d4:info99999999999:x", "byte"},
	{"nested a million deep", strings.Repeat("l", 1_000_000), "byte"},
	{"a number without an end", "d4:infoi12", "byte"},
	{"a list", "le", "the document"},
	{"no info", fields{"announce": text("http://x/")}.encode(), "info"},
	{"info as text", fields{"info": text("x")}.encode(), "info"},
	{"no name", infoWith(fields{"name": ""}), "info.name"},
	{"a number as name", infoWith(fields{"name": integer(1)}), "info.name"},
	{"no piece length", infoWith(fields{"piece length": ""}), "info.piece length"},
	{"a piece length of 0", infoWith(fields{"piece length": integer(0)}), "info.piece length"},
	{"a negative piece length", infoWith(fields{"piece length": integer(-1)}), "info.piece length"},
	{"a piece length of 8 EiB", infoWith(fields{"piece length": integer(1<<63 - 1)}), "info.piece length"},
	{"a piece length of 100 digits", infoWith(fields{"piece length": "i" + strings.Repeat("9", 100) + "e"}), "info.piece length"},
	{"no pieces", infoWith(fields{"pieces": ""}), "info.pieces"},
	{"pieces as a list", infoWith(fields{"pieces": list()}), "info.pieces"},
	{"half a hash", infoWith(fields{"pieces": text(strings.Repeat("x", 30))}), "info.pieces"},
	{"a hash too few", infoWith(fields{"pieces": hashes(1)}), "info.pieces"},
	{"a hash too many", infoWith(fields{"pieces": hashes(3)}), "info.pieces"},
	{"neither length nor files", infoWith(fields{"length": ""}), "info.length"},
	{"a negative length", infoWith(fields{"length": integer(-1)}), "info.length"},
	{"a length of 8 EiB", infoWith(fields{"length": integer(1<<63 - 1)}), "info.length"},
	{"no file", inFolder(), "info.files"},
	{"files as a dictionary", infoWith(fields{"length": "", "files": "de"}), "info.files"},
	{"a file that is text", inFolder(text("x")), "info.files[0]"},
	{"a file without a length", inFolder(member(fields{"path": path})), "info.files[0].length"},
	{"a second file of negative length", inFolder(member(fields{"path": path, "length": integer(5)}),
		member(fields{"path": path, "length": integer(-5)})), "info.files[1].length"},
	{"lengths that overflow", inFolder(member(fields{"path": path, "length": integer(1<<63 - 1)}),
		member(fields{"path": path, "length": integer(1<<63 - 1)})), "info.files[0].length"},
	{"a file without a path", inFolder(member(fields{"length": integer(20_000)})), "info.files[0].path"},
	{"an empty path", inFolder(member(fields{"length": integer(20_000), "path": list()})), "info.files[0].path"},
	{"a number in a path", inFolder(member(fields{"length": integer(20_000), "path": list(integer(1))})), "info.files[0].path[0]"},
	{"version 2 only", infoWith(fields{"pieces": "", "length": "", "meta version": integer(2), "file tree": "de"}), "version 2"},
	{"a version of the future", infoWith(fields{"meta version": integer(3)}), "info.meta version"},
}

func TestMalformedTorrentsAreRefusedByTheNameOfTheField(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	for _, c := range malformedTorrents {
		t.Run(c.name, func(t *testing.T) {
			file := filepath.Join(dir, "bad.torrent")
			if err := os.WriteFile(file, []byte(c.bytes), 0o644); err != nil {
				t.Fatal(err)
			}
			for _, command := range []*child{
				etorrent(t, "show", "show", file),
				get(t, file, filepath.Join(dir, "to"), filepath.Join(dir, "state")),
			} {
				mustRefuse(t, command, c.says)
			}
		})
	}
	if _, err := os.Stat(filepath.Join(dir, "to")); err == nil {
		t.Error("a folder was made for a torrent that was refused")
	}
}

// mustRefuse fails the test unless a program ends with 3 and says why, without
// a stack.
func mustRefuse(t *testing.T, c *child, says string) {
	t.Helper()
	c.mustExit(t, 3)
	told := c.noise.String()
	if !strings.Contains(told, says) {
		t.Errorf("%s does not name %q: %s", c.name, says, told)
	}
	if strings.Contains(told, "goroutine") || strings.Contains(told, "panic") {
		t.Errorf("%s: %s", c.name, told)
	}
	for _, r := range c.all() {
		if r.Event == "error" && !strings.Contains(r.Message, says) {
			t.Errorf("%s does not name %q to programs: %s", c.name, says, r.Message)
		}
	}
}

// Names that reach outside are made safe, not followed.
func TestNamesThatReachOutsideStayInside(t *testing.T) {
	t.Parallel()
	for _, c := range []struct{ name, bytes string }{
		{"the parent", inFolder(member(fields{"length": integer(20_000), "path": list(text(".."), text(".."), text("x"))}))},
		{"an absolute path", inFolder(member(fields{"length": integer(20_000), "path": list(text("/etc/x"))}))},
		{"a name that climbs", infoWith(fields{"name": text("../../x")})},
	} {
		t.Run(c.name, func(t *testing.T) {
			top := t.TempDir()
			dir := filepath.Join(top, "one", "two")
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			file := filepath.Join(t.TempDir(), "odd.torrent")
			if err := os.WriteFile(file, []byte(c.bytes), 0o644); err != nil {
				t.Fatal(err)
			}
			g := get(t, file, dir, folder(t, "state"))
			g.await(t, "that it waits for peers", func(r *report) bool { return r.Event == "progress" && r.Status == "fetching" })
			stopSeed(t, g)
			for name := range sums(t, top) {
				if !strings.HasPrefix(name, filepath.Join("one", "two")+string(filepath.Separator)) {
					t.Errorf("%s was made", name)
				}
			}
		})
	}
}
