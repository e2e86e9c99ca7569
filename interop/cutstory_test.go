//go:build linux

package interop

import (
	"os"
	"path/filepath"
	"testing"
	"time"
)

// cutStory is a download whose system calls are recorded.
type cutStory struct {
	name string
	tree tree
	// runs is how long each run but the last goes on before it is stopped.
	runs []time.Duration
	// kills is how many runs are killed before, each when it begins a sync: the first
	// one's first, the second one's second, and so on.
	kills int
	// lies is what is in the download folder before.
	lies func(t *testing.T, r *recorded)
	// fault is what strace injects, with %d for the number of the call of a thread.
	// The program goes on by itself, and is stopped when it has completed; if it
	// cannot even start it is started again without. When no thread makes so many
	// calls, the story is told again with the next number of when.
	fault string
	when  []int
}

// cutStories differ in how data and rows come to be: new folders, files over
// pieces, a stop and its partial pieces, data that was there, a file that is
// somebody else's too, syncs and writes that fail.
var cutStories = []cutStory{
	{name: "nested", tree: volumes("cut", 200_000, 0, 150_000, 333_333, 1, 600_000)},
	{name: "one file", tree: oneFile(1_300_000)},
	{name: "stopped and resumed", tree: volumes("cut", 500_000, 700_000), runs: []time.Duration{1200 * time.Millisecond, 900 * time.Millisecond}},
	{name: "killed before syncs", tree: volumes("cut", 300_000, 400_000), kills: 16},
	{name: "half was there", tree: volumes("cut", 400_000, 400_000, 400_000), lies: halfIsThere},
	{name: "linked", tree: volumes("cut", 400_000, 500_000), lies: halfIsLinked},
	{name: "failed syncs of files", tree: volumes("cut", 500_000, 700_000), fault: "fdatasync:error=EIO:when=%d", when: []int{2, 1}},
	{name: "failed syncs of rows and folders", tree: volumes("cut", 500_000, 700_000), fault: "fsync:error=EIO:when=%d+7", when: []int{16, 13, 10, 7}},
	{name: "failed writes", tree: volumes("cut", 500_000, 700_000), fault: "pwrite64,pwritev:error=ENOSPC:when=%d+25", when: []int{40, 30, 20, 10}},
}

func halfIsThere(t *testing.T, r *recorded) {
	t.Helper()
	if err := os.CopyFS(r.dl, os.DirFS(r.parent)); err != nil {
		t.Fatal(err)
	}
	half := filepath.Join(r.dl, "cut", "volume 1", "data")
	if err := os.Truncate(half, 200_000); err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(filepath.Join(r.dl, "cut", "volume 2", "data")); err != nil {
		t.Fatal(err)
	}
}

// halfIsLinked leaves a file in the download folder of which the first half is
// right, and which has another name elsewhere.
func halfIsLinked(t *testing.T, r *recorded) {
	t.Helper()
	name := filepath.Join("cut", "volume 1", "data")
	whole, err := os.ReadFile(filepath.Join(r.parent, name))
	if err != nil {
		t.Fatal(err)
	}
	clear(whole[len(whole)/2:])
	ours, theirs := filepath.Join(r.dl, name), filepath.Join(r.base, "precious")
	if err := os.WriteFile(theirs, whole, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.MkdirAll(filepath.Dir(ours), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.Link(theirs, ours); err != nil {
		t.Fatal(err)
	}
	r.keeps = map[string][]byte{theirs: whole}
}
