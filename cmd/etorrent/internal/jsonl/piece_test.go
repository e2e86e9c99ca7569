package jsonl_test

import (
	"bytes"
	"encoding/json"
	"io"
	"testing"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
)

func TestALineOfAPieceIsThatOfEncodingJSON(t *testing.T) {
	for _, p := range []jsonl.Piece{
		{Head: jsonl.Head{Torrent: hash}, Index: 1<<32 - 1, State: "verified"},
		{Index: 0, State: "corrupt"},
		{Head: jsonl.Head{Torrent: hash, Time: time.Date(2026, 5, 6, 7, 8, 9, 0, time.UTC)}, State: "durable"},
		{Head: jsonl.Head{Time: time.Date(2026, 5, 6, 7, 8, 9, 120_000_000, time.FixedZone("", -7200))}, State: "written"},
	} {
		var b bytes.Buffer
		if err := jsonl.NewWriter(&b, clock).Write(&p); err != nil {
			t.Fatal(err)
		}
		want, err := json.Marshal(&p) // as it was stamped
		if err != nil {
			t.Fatal(err)
		}
		if got := b.String(); got != string(want)+"\n" {
			t.Errorf("%s instead of\n%s", got, want)
		}
	}
}

func TestTellingOfPiecesAllocatesNothing(t *testing.T) {
	w := jsonl.NewWriter(io.Discard, clock)
	var p jsonl.Piece
	n := testing.AllocsPerRun(100, func() {
		p = jsonl.Piece{Head: jsonl.Head{Torrent: hash}, Index: 70_000, State: "durable"}
		_ = w.Write(&p)
	})
	if n != 0 {
		t.Errorf("%v objects a piece", n)
	}
}
