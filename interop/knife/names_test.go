package knife

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// linked is a recording of a folder in which one file has two names.
func linked(t *testing.T, calls ...string) *Recording {
	t.Helper()
	dir := t.TempDir()
	err := os.WriteFile(filepath.Join(dir, "old"), []byte("kept"), 0o600)
	if err == nil {
		err = os.Link(filepath.Join(dir, "old"), filepath.Join(dir, "also"))
	}
	if err != nil {
		t.Fatal(err)
	}
	r, err := Start(dir)
	if err == nil {
		err = r.Add(strings.NewReader(strings.Join(calls, "\n")), "/r", "/out")
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func TestAFileOfTwoNamesIsOneFile(t *testing.T) {
	r := linked(t, `7 pwrite64(4</r/old>, `+x("new!")+`, 4, 0) = 4`)
	if got := after(t, r, 1, 100); got["old"] != "new!" || got["also"] != "new!" {
		t.Errorf("written: %q", got)
	}
	dir, c := t.TempDir(), Cut{at: 1}
	if err := r.Make(&c, Unlucky(), dir); err != nil {
		t.Fatal(err)
	}
	one, err := os.Stat(filepath.Join(dir, "old"))
	two, err2 := os.Stat(filepath.Join(dir, "also"))
	if err != nil || err2 != nil || !os.SameFile(one, two) {
		t.Errorf("two files were made of one: %v, %v", err, err2)
	}
}

// The copy takes one of the names; a cut leaves the link or the copy.
func TestACopyTakesTheNameOfALink(t *testing.T) {
	r := linked(t,
		`7 openat(3</r>, `+x("old")+`, O_RDONLY) = 4</r/old>`,
		`7 openat(3</r>, `+x("copy")+`, O_RDWR|O_CREAT|O_EXCL, 0600) = 5</r/copy>`,
		`7 copy_file_range(4</r/old>, NULL, 5</r/copy>, NULL, 3, 0) = 3`,
		`7 sendfile(5</r/copy>, 4</r/old>, NULL, 9) = 1`,
		`7 fdatasync(5</r/copy>) = 0`,
		`7 renameat(3</r>, `+x("copy")+`, 3</r>, `+x("old")+`) = 0`,
		`7 pwrite64(5</r/old>, `+x("new!")+`, 4, 0) = 4`,
		`7 fdatasync(4</r/old>(deleted)) = 0`,
		`7 fdatasync(5</r/old>) = 0`,
		`7 fsync(3</r>) = 0`,
	)
	for _, c := range []struct{ line, mercy int }{{1, 100}, {2, 100}, {3, 100}, {4, 100}, {5, 100}, {6, 100}, {7, 100}, {9, 0}, {10, 0}} {
		got := after(t, r, c.line, c.mercy)
		want := "kept"
		if c.line >= 7 && c.mercy == 100 || c.line == 10 {
			want = "new!"
		}
		if got["old"] != want || got["also"] != "kept" {
			t.Errorf("at line %d: %q", c.line, got)
		}
	}
	if got := after(t, r, 4, 100)["copy"]; got != "kept" {
		t.Errorf("the copy is %q", got)
	}
	if got := after(t, r, 8, 0)["copy"]; got != "" {
		t.Errorf("a sync of the file that is gone was one of the file in its place: %q", got)
	}
}

func TestAWriteGoesWhereTheDescriptorStands(t *testing.T) {
	r := linked(t,
		`7 openat(3</r>, `+x("old")+`, O_RDWR) = 4</r/old>`,
		`7 write(4</r/old>, `+x("a")+`, 1) = 1`,
		`7 lseek(4</r/old>, 2, SEEK_SET) = 2`,
		`7 write(4</r/old>, `+x("b")+`, 1) = 1`,
		`7 copy_file_range(4</r/old>, [0], 4</r/old>, [5], 1, 0) = 1`,
		`7 openat(3</r>, `+x("old")+`, O_WRONLY|O_APPEND) = 6</r/old>`,
		`7 write(6</r/old>, `+x("c")+`, 1) = 1`,
		`7 renameat(3</r>, `+x("old")+`, 3</r>, `+x("also")+`) = 0`,
		`7 fallocate(6</r/old>, 0, 0, 8) = 0`,
	)
	want := "aebt\x00ac\x00"
	if got := after(t, r, 9, 100); got["old"] != want || got["also"] != want {
		t.Errorf("%q", got)
	}
}

func TestWhatNoCallMadeIsNoticed(t *testing.T) {
	r := linked(t, `7 pwrite64(4</r/old>, `+x("new!")+`, 4, 0) = 4`, `7 mkdirat(3</r>, `+x("d")+`, 0777) = 0`)
	dir := t.TempDir()
	c := Cut{at: 2, mercy: 100, late: 100}
	if err := r.Make(&c, Unlucky(), dir); err != nil {
		t.Fatal(err)
	}
	if err := r.Differs(dir); err != nil {
		t.Errorf("the folder that was made differs: %v", err)
	}
	for name, spoil := range map[string]func() error{
		"other bytes": func() error { return os.WriteFile(filepath.Join(dir, "old"), []byte("odd!"), 0o600) },
		"one more":    func() error { return os.WriteFile(filepath.Join(dir, "d", "more"), nil, 0o600) },
		"one less":    func() error { return os.Remove(filepath.Join(dir, "also")) },
	} {
		if err := spoil(); err != nil {
			t.Fatal(err)
		}
		if r.Differs(dir) == nil {
			t.Errorf("%s: not noticed", name)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
		if err := r.Make(&c, Unlucky(), dir); err != nil {
			t.Fatal(err)
		}
	}
}

// Each prefix is there, and none twice in a row.
func TestEveryPrefixIsCut(t *testing.T) {
	r := recordingOf(t, trace)
	seen := map[string]int{}
	for _, c := range r.Prefixes() {
		got := after(t, r, c.at, c.mercy)
		key := got["d/f, (g)"] + "/" + got["old"]
		seen[key]++
	}
	for _, want := range []string{"/kept", "\x00\x00hello/kept", "\x00\x00hello/"} {
		if seen[want] == 0 {
			t.Errorf("no prefix left %q", want)
		}
	}
	if n := len(r.Prefixes()); n < 10 || n > 3*12 {
		t.Errorf("%d prefixes of %d lines", n, r.lines)
	}
}
