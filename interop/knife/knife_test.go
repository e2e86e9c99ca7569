package knife

import (
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// x writes text as strace -xx does.
func x(s string) string {
	var b strings.Builder
	b.WriteByte('"')
	for i := range len(s) {
		const digits = "0123456789abcdef"
		b.WriteString(`\x` + string(digits[s[i]>>4]) + string(digits[s[i]&15]))
	}
	b.WriteByte('"')
	return b.String()
}

// trace is a program that makes a folder and a file, writes it, syncs file and
// folder, and says so; while another thread removes a file.
var trace = strings.Join([]string{
	`7 mkdirat(AT_FDCWD</>, ` + x("/r/d") + `, 0777) = 0`,
	`7 openat(3</r/d>, ` + x("f, (g)") + `, O_RDWR|O_CREAT|O_EXCL, 0666) = 4</r/d/f, (g)>`,
	`7 pwrite64(4</r/d/f, (g)>, ` + x("hello") + `, 5, 2) = 5`,
	`7 fsync(4</r/d/f, (g)> <unfinished ...>`,
	`8 unlink(` + x("/r/old") + `) = 0`,
	`7 <... fsync resumed>)                 = 0`,
	`7 --- SIGURG {si_signo=SIGURG} ---`,
	`7 fsync(3</r/d>) = 0`,
	`7 openat(AT_FDCWD</>, ` + x("/etc/none") + `, O_RDONLY) = -1 ENOENT (No such file or directory)`,
	`7 fsync(5</r>) = 0`,
	`7 write(1</out>, ` + x("done\n") + `, 5) = 5`,
	`7 +++ exited with 0 +++`,
}, "\n")

func recordingOf(t *testing.T, trace string) *Recording {
	t.Helper()
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "old"), []byte("kept"), 0o600); err != nil {
		t.Fatal(err)
	}
	r, err := Start(dir)
	if err == nil {
		err = r.Add(strings.NewReader(trace), "/r", "/out")
	}
	if err != nil {
		t.Fatal(err)
	}
	return r
}

// after is what is there after a cut at a line, with and without mercy.
func after(t *testing.T, r *Recording, line, mercy int) map[string]string {
	t.Helper()
	dir, c := t.TempDir(), Cut{at: line, mercy: mercy, late: mercy}
	if err := r.Make(&c, rand.New(rand.NewPCG(1, 1)), dir); err != nil {
		t.Fatal(err)
	}
	found := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		found[rel] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return found
}

func TestACutLeavesWhatWasSyncedAndPerhapsTheRest(t *testing.T) {
	r := recordingOf(t, trace)
	const file = "d/f, (g)"
	for _, c := range []struct {
		name        string
		line, mercy int
		file, old   string
	}{
		{"killed before the write", 2, 100, "", "kept"},
		{"killed after the write", 3, 100, "\x00\x00hello", "kept"},
		{"the file is synced, its name is not", 6, 0, "absent", "kept"},
		{"killed then", 6, 100, "\x00\x00hello", "absent"},
		{"the folder is synced, its own name is not", 9, 0, "absent", "kept"},
		{"all is synced", 10, 0, "\x00\x00hello", "absent"},
	} {
		got := after(t, r, c.line, c.mercy)
		for path, want := range map[string]string{file: c.file, "old": c.old} {
			if have, there := got[path]; there == (want == "absent") || there && have != want {
				t.Errorf("%s: %s is %q, there: %t; want %q", c.name, path, have, there, want)
			}
		}
	}
	if said := r.Said(Cut{at: 11}); len(said) != 1 || said[0] != "done" {
		t.Errorf("it said %q", said)
	}
	if said := r.Said(Cut{at: 10}); len(said) != 0 {
		t.Errorf("it had said %q", said)
	}
}

func TestASyncCoversNoWriteThatReturnedAfterItBegan(t *testing.T) {
	r := recordingOf(t, strings.Join([]string{
		`7 fsync(4</r/old> <unfinished ...>`,
		`8 pwrite64(5</r/old>, ` + x("new!") + `, 4, 0) = 4`,
		`7 <... fsync resumed>) = 0`,
	}, "\n"))
	if got := after(t, r, 3, 0)["old"]; got != "kept" {
		t.Errorf("%q", got)
	}
}

func TestARenameIsThereOrNot(t *testing.T) {
	r := recordingOf(t, strings.Join([]string{
		`7 openat(AT_FDCWD</>, ` + x("/r/new") + `, O_WRONLY|O_CREAT, 0600) = 4</r/new>`,
		`7 pwrite64(4</r/new>, ` + x("fresh") + `, 5, 0) = 5`,
		`7 fsync(4</r/new>) = 0`,
		`7 rename(` + x("/r/new") + `, ` + x("/r/old") + `) = 0`,
		`7 fsync(5</r>) = 0`,
	}, "\n"))
	if got := after(t, r, 4, 0); got["old"] != "kept" || len(got) != 1 {
		t.Errorf("before the sync: %q", got)
	}
	if got := after(t, r, 5, 0); got["old"] != "fresh" || len(got) != 1 {
		t.Errorf("after it: %q", got)
	}
}

func TestOfAFailedSyncNothingIsThere(t *testing.T) {
	const write, failed = `7 pwrite64(4</r/old>, "\x6e\x65\x77\x21", 4, 0) = 4`, `7 fdatasync(4</r/old>) = -1 EIO (Input/output error) (INJECTED)`
	const good, drop = `7 fdatasync(4</r/old>) = 0`, `7 fadvise64(4</r/old>, 0, 0, POSIX_FADV_DONTNEED) = 0`
	for _, c := range []struct {
		name  string
		calls []string
		want  string
	}{
		{"it failed", []string{write, failed}, "kept"},
		{"a later one covers what was not written again", []string{write, failed, good}, "kept"},
		{"nor does dropping the pages before help", []string{write, drop, failed, good}, "kept"},
		{"written again", []string{write, failed, write, good}, "new!"},
		{"read from the disk again", []string{write, failed, drop, good}, "new!"},
		{"it was covered before", []string{write, good, failed}, "new!"},
	} {
		r := recordingOf(t, strings.Join(c.calls, "\n"))
		if got := after(t, r, len(c.calls), 0)["old"]; got != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
		if n, _ := r.Failures(); n != 1 {
			t.Errorf("%s: %d failed syncs", c.name, n)
		}
	}
}

func TestASpoiledRecordingHasNoSyncs(t *testing.T) {
	const write, sync = `7 pwrite64(4</r/old>, "\x6e\x65\x77\x21", 4, 0) = 4`, `7 fdatasync(4</r/old>) = 0`
	for _, c := range []struct {
		name  string
		calls []string
		spoil func(*Recording)
		want  string
	}{
		{"at the end only", []string{write, sync}, (*Recording).SyncsOnlyAtTheEnd, "kept"},
		{"the second fails", []string{sync, write, sync}, (*Recording).FailEveryOther, "kept"},
		{"the third does not", []string{sync, sync, write, sync}, (*Recording).FailEveryOther, "new!"},
	} {
		r := recordingOf(t, strings.Join(c.calls, "\n"))
		c.spoil(r)
		if got := after(t, r, len(c.calls), 0)["old"]; got != c.want {
			t.Errorf("%s: %q", c.name, got)
		}
	}
}

func TestATornWriteKeepsWholeSectors(t *testing.T) {
	data := strings.Repeat("a", 512) + strings.Repeat("b", 512) + strings.Repeat("c", 100)
	r := recordingOf(t, `7 pwrite64(4</r/old>, `+x(data)+`, 1124, 512) = 1124`)
	seen := map[string]bool{}
	for n := range uint64(200) {
		dir, c := t.TempDir(), Cut{at: 1, mercy: 100, late: 100, tear: 100}
		if err := r.Make(&c, rand.New(rand.NewPCG(n, 1)), dir); err != nil {
			t.Fatal(err)
		}
		b, _ := os.ReadFile(filepath.Join(dir, "old"))
		shape := ""
		for from := 512; from < len(b); from += 512 {
			shape += string(b[from : from+1])
			if part := b[from:min(len(b), from+512)]; strings.Count(string(part), string(part[:1])) != len(part) {
				t.Fatalf("a sector is torn: %q", part)
			}
		}
		seen[shape] = true
	}
	if len(seen) != 8 {
		t.Errorf("%d of 8 ways were seen: %v", len(seen), seen)
	}
}

func TestWhatIsNotUnderstoodIsAnError(t *testing.T) {
	for name, line := range map[string]string{
		"a string cut short": `7 pwrite64(4</r/old>, "\x61"..., 5, 0) = 5`,
		"a writable map":     `7 mmap(NULL, 4096, PROT_READ|PROT_WRITE, MAP_SHARED, 4</r/old>, 0) = 0x7f`,
		"an unknown call":    `7 splice(3</x>, NULL, 4</r/old>, NULL, 5, 0) = 5`,
		"a foreign source":   `7 sendfile(4</r/old>, 3</x>, NULL, 5) = 5`,
		"an unknown place":   `7 write(4</r/old>, "\x61", 1) = 1`,
		"an exchange":        `7 renameat2(3</r>, ` + x("old") + `, 3</r>, ` + x("old") + `, RENAME_EXCHANGE) = 0`,
		"a punched hole":     `7 fallocate(4</r/old>, FALLOC_FL_KEEP_SIZE|FALLOC_FL_PUNCH_HOLE, 0, 4) = 0`,
		"a list cut short":   `7 pwritev(4</r/old>, [{iov_base="\x61", iov_len=1}, ...], 2, 0) = 2`,
		"a vector":           `7 pwritev2(4</r/old>, [{iov_base="\x61", iov_len=1}], 1, 0, 0) = 1`,
		"no call":            `7 what`,
		"no end":             `7 pwrite64(4</r/old>, "\x61`,
		"a stray resumption": `7 <... fsync resumed>) = 0`,
	} {
		r, err := Start(t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		r.now.enter(r.root, "old", r.fresh(isFile))
		if err := r.Add(strings.NewReader(line), "/r", "/out"); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

// A write from several places of the memory is one of what they hold together, as far as
// it came.
func TestAGatheredWriteIsUnderstood(t *testing.T) {
	r := recordingOf(t, `7 pwritev(4</r/old>, [{iov_base=`+x("ne, [w")+`, iov_len=6}, {iov_base=`+x("er}!")+`, iov_len=4}], 2, 1) = 8`+"\n"+`7 fdatasync(4</r/old>) = 0`)
	if got := after(t, r, 3, 0)["old"]; got != "kne, [wer" {
		t.Errorf("%q", got)
	}
}
