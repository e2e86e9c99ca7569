package jsonl_test

import (
	"bytes"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl/schema"
)

const hash = "0123456789abcdef0123456789abcdef01234567"

func clock() time.Time { return time.Date(2026, 1, 2, 4, 4, 5, 600_000_000, time.FixedZone("", 3600)) }

// objects has every kind of object, with and without what is optional.
func objects() []jsonl.Object {
	of := jsonl.Head{Torrent: hash}
	eta, found, created, target, none := int64(41), int64(7), clock().UTC(), "a", 0
	return []jsonl.Object{
		&jsonl.Listening{Addresses: []string{"127.0.0.1:1729", "[::1]:1729"}},
		&jsonl.Listening{Addresses: []string{"127.0.0.1:6969"}, Announce: []string{"udp://127.0.0.1:6969/announce"}},
		&jsonl.Totals{Swarms: 1, Seeders: 2, Announces: 9, Refused: 3},
		&jsonl.Added{Head: of, Name: "a", Path: "/a", Size: 5, Pieces: 9, ClaimedBytes: 1, Claimed: "ff80"},
		&jsonl.Reopened{Head: of, ClaimedBytes: 1, Claimed: "ff80"},
		&jsonl.Checking{Head: of, Pieces: 4, Reason: "changed"},
		&jsonl.Progress{Head: of, Status: "fetching", ETA: &eta},
		&jsonl.Progress{Head: of, Status: "sharing", Memory: &jsonl.Memory{Mallocs: 1, Heap: 2, Goroutines: 3}},
		&jsonl.Piece{Head: of, Index: 3, State: "durable"},
		&jsonl.File{Head: of, Number: 2, Path: "a/b", Size: 5},
		&jsonl.Peer{Head: of, Address: "127.0.0.1:4000", State: "joined", Transport: "utp", Client: "x"},
		&jsonl.Peer{Head: of, Address: "127.0.0.1:4000", State: "left", Reason: "closed"},
		&jsonl.Tracker{Head: of, URL: "http://x/announce", Tier: 1, Family: "ipv4", State: "working", Seeders: &none, Leechers: &none, Next: &created},
		&jsonl.Tracker{Head: of, URL: "udp://x:1/announce", Tier: 2, Family: "any", State: "given_up", Fault: "unregistered", Message: "m", Failures: 3},
		&jsonl.Warning{Message: "m", Report: "/r"}, &jsonl.Warning{Head: of, Message: "m"},
		&jsonl.Error{Message: "m"}, &jsonl.Error{Head: of, Message: "m", Report: "/r"},
		&jsonl.SuperSeed{Head: of, State: "ended", Reason: "enough_complete", Complete: 10},
		&jsonl.Complete{Head: of, Name: "a", Path: "/a"},
		&jsonl.End{Reason: "done", Torrents: []jsonl.EndTorrent{{Torrent: hash, Status: "sharing", UTP: &jsonl.Traffic{Peers: 1, Uploaded: 2}}}},
		&jsonl.End{Exit: 143, Reason: "terminated", Torrents: []jsonl.EndTorrent{}},
		&jsonl.Torrent{
			Head: of, Name: "a", Created: &created, Trackers: [][]string{{"http://x"}}, WebSeeds: []string{}, Magnet: "magnet:",
			Files: []jsonl.TorrentFile{
				{Number: 1, Path: "a", Stored: "a", Size: 1, Attributes: []string{"executable", "hidden"}}, {Number: 2, Target: &target, LeftOut: "r"},
			},
			Findings: []string{"f"}, Renamed: []jsonl.Renaming{{}},
			Scrapes: []jsonl.Scrape{{URL: "http://x", Tier: 1, Seeders: &none, Leechers: &none, Completed: &none}, {URL: "http://x", Tier: 2, Fault: "no_scrape", Message: "m"}},
		},
		&jsonl.Tree{PID: 7, Version: "1", Command: "etorrent get a", LeftOut: 1, Root: jsonl.Process{
			Name: "client", Kind: "client", Path: "client", Strategy: "rest_for_one", State: "running", Started: &created,
			Children: []jsonl.Process{
				{Name: "a", State: "degraded", Reason: "r", LastExit: "failed: x", LastMessage: "m", Mailboxes: 2, Waiting: 3, Children: []jsonl.Process{}},
				{Name: "b", State: "quarantined", Until: &created, Children: []jsonl.Process{}},
				{Name: "c", State: "running", Cells: &jsonl.Cells{Oldest: []jsonl.Cell{}}, Children: []jsonl.Process{}},
				{Name: "d", State: "running", Cells: &jsonl.Cells{
					Alive: 2, Died: 1, LastDeath: &jsonl.CellDeath{Path: "client/d/x", Exit: "panicked: y", LastMessage: "m"},
					Oldest: []jsonl.Cell{{Name: "z", Kind: "z", Path: "client/d/z", State: "stopping", Started: created, Age: 1}},
				}, Children: []jsonl.Process{}},
			},
		}},
		&jsonl.Hashing{Name: "a", Done: 1, Size: 2}, &jsonl.Hashing{Head: of, Name: "a", Size: 2},
		&jsonl.Version{Version: "1", Go: "go1", OS: "linux", Arch: "arm64"}, &jsonl.Version{Version: "1", Revision: "r", Go: "go1", OS: "linux", Arch: "arm64"},
		&jsonl.Killed{PID: 7, Path: "client/a", Outcome: "back", After: 3, Restarts: 1, LastExit: "failed: x"},
		&jsonl.Verified{
			Head: of, Name: "a", Path: "/a", Damaged: []uint32{3},
			Files: []jsonl.VerifiedFile{{Number: 1, State: "longer", Found: &found}, {Number: 2, State: "unusable", Message: "m"}, {Number: 3, State: "damaged", Damaged: 1}, {Number: 4, State: "mislinked", Message: "m"}},
		},
	}
}

func TestWhatIsWrittenIsWhatTheSchemaSays(t *testing.T) {
	root := readSchema(t)
	seen := map[string]bool{}
	for _, o := range objects() {
		var b bytes.Buffer
		if err := jsonl.NewWriter(&b, clock).Write(o); err != nil {
			t.Fatal(err)
		}
		var v map[string]any
		if err := json.Unmarshal(b.Bytes(), &v); err != nil || strings.Count(b.String(), "\n") != 1 {
			t.Fatalf("%q: %v", b.String(), err)
		}
		event, _ := v["event"].(string)
		seen[event] = true
		if faults := root.Faults(v); len(faults) > 0 {
			t.Errorf("%s%s", b.String(), strings.Join(faults, "\n"))
		}
		if v["time"] != "2026-01-02T03:04:05.6Z" {
			t.Errorf("time %v", v["time"])
		}
	}
	for _, name := range root.Alternatives() {
		if !seen[name] {
			t.Errorf("no object of this test is a %s", name)
		}
	}
}

func readSchema(t *testing.T) schema.Schema {
	t.Helper()
	return schema.Read(t, filepath.Join("..", "..", "..", "..", "docs", "events.schema.json"))
}

func TestTheSchemaRefusesWhatIsNotMeant(t *testing.T) {
	root := readSchema(t)
	for _, line := range []string{
		`{}`, `{"v":1,"event":"listening","time":"2026-01-02T03:04:05Z"}`,
		`{"v":2,"event":"listening","time":"2026-01-02T03:04:05Z","addresses":[]}`,
		`{"v":1,"event":"listening","time":"2026-01-02 03:04:05","addresses":[]}`,
		`{"v":1,"event":"listening","time":"2026-01-02T03:04:05Z","addresses":[1]}`,
		`{"v":1,"event":"listening","time":"2026-01-02T03:04:05Z","addresses":[],"more":1}`,
		`{"v":1,"event":"piece","time":"2026-01-02T03:04:05Z","torrent":"` + hash + `","index":-1,"state":"durable"}`,
		`{"v":1,"event":"piece","time":"2026-01-02T03:04:05Z","torrent":"` + hash + `","index":1.5,"state":"durable"}`,
		`{"v":1,"event":"piece","time":"2026-01-02T03:04:05Z","torrent":"` + hash + `","index":1,"state":"lost"}`,
	} {
		var v map[string]any
		if err := json.Unmarshal([]byte(line), &v); err != nil {
			t.Fatal(err)
		}
		if len(root.Faults(v)) == 0 {
			t.Errorf("accepted %s", line)
		}
	}
}

func TestLinesAreHarmlessAndMeanTheSame(t *testing.T) {
	const name = "a\x1b[31m\u0085\u202e\u2028\U000e0041b<&>\"\\\n象"
	var b bytes.Buffer
	if err := jsonl.NewWriter(&b, clock).Write(&jsonl.Warning{Message: name}); err != nil {
		t.Fatal(err)
	}
	if strings.ContainsAny(strings.TrimSuffix(b.String(), "\n"), "\x1b\u0085\u202e\u2028\U000e0041\n") {
		t.Errorf("%q", b.String())
	}
	var back jsonl.Warning
	if err := json.Unmarshal(b.Bytes(), &back); err != nil || back.Message != name {
		t.Errorf("%q became %q: %v", name, back.Message, err)
	}
}

// counter counts the calls of Write.
type counter struct{ calls int }

func (c *counter) Write(p []byte) (int, error) { c.calls++; return len(p), nil }

func TestALineIsOneWrite(t *testing.T) {
	var c counter
	w := jsonl.NewWriter(&c, clock)
	for _, o := range objects() {
		if err := w.Write(o); err != nil {
			t.Fatal(err)
		}
	}
	if c.calls != len(objects()) {
		t.Errorf("%d writes of %d objects", c.calls, len(objects()))
	}
}
