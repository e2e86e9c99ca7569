package main

import (
	"os"
	"path/filepath"
	"testing"
)

func TestFilesAreToldAsTheyBecomeWhole(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	shown := objects(t, runProgram(t, dir, "show", "--json", "show.torrent").stdout)[0]
	want := map[string]map[string]any{}
	for _, f := range shown["files"].([]any) {
		if f := f.(map[string]any); f["size"] != 0.0 {
			want[f["stored"].(string)] = f
		}
	}
	s := seeder(t, dir)
	get := start(t, dir, "get", "show.torrent", "--dir", "copy", "--state", "get-state", "--listen", "127.0.0.1:0", "--peer", s.address())
	get.until(event("complete"))
	for _, o := range get.seen {
		if o["event"] != "file" {
			continue
		}
		path := o["path"].(string)
		if f := want[path]; f == nil || o["number"] != f["number"] || o["size"] != f["size"] {
			t.Errorf("told of %v, shown is %v", o, f)
		}
		if info, err := os.Stat(filepath.Join(dir, "copy", filepath.FromSlash(path))); err != nil || float64(info.Size()) != o["size"] {
			t.Errorf("%v: %v", o, err)
		}
		delete(want, path)
	}
	if len(want) > 0 || len(shown["files"].([]any)) != 3 {
		t.Errorf("not told: %v", want)
	}
}

// What a progress counts was read when it was written, and so were its rates.
func TestProgressIsNoOlderThanThePiecesToldBefore(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	shown := objects(t, runProgram(t, dir, "show", "--json", "show.torrent").stdout)[0]
	size, pieceLength := shown["size"].(float64), shown["piece_length"].(float64)
	s := seeder(t, dir, "--up", "150K")
	get := start(t, dir, "get", "show.torrent", "--dir", "copy", "--state", "get-state", "--listen", "127.0.0.1:0", "--peer", s.address(), "--events")
	if code, _ := get.end(); code != 0 {
		t.Fatalf("exit %d: %s", code, get.stderr.String())
	}
	durable, judged, before := 0.0, 0, 0.0
	for _, o := range get.seen {
		switch {
		case o["event"] == "piece" && o["state"] == "durable":
			at := o["index"].(float64) * pieceLength
			durable += min(pieceLength, size-at)
		case o["event"] == "progress" && durable > 0:
			stored := o["stored"].(float64)
			came := stored > before
			judged, before = judged+1, stored
			if stored < durable || came && o["down"] == 0.0 || o["status"] == "fetching" && o["peers"] == 0.0 {
				t.Errorf("after %v bytes were durable: %v", durable, o)
			}
		}
	}
	if judged < 1 {
		t.Errorf("none of %d objects was a progress to judge", len(get.seen))
	}
}
