package main

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/metainfo"
)

func readTorrentFile(t *testing.T, name string) *metainfo.Torrent {
	t.Helper()
	raw, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	m, err := metainfo.Parse(raw)
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func TestWhatIsCreatedIsShownAndVerified(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	m := readTorrentFile(t, filepath.Join(dir, "show.torrent"))

	shown := runProgram(t, dir, "show", "show.torrent")
	for _, part := range []string{m.ID().String(), "large.bin", "nested/small.bin", "nested/empty"} {
		if shown.code != 0 || !strings.Contains(shown.stdout, part) {
			t.Errorf("show lacks %q: %+v", part, shown)
		}
	}
	for _, at := range []string{".", "show"} {
		r := runProgram(t, dir, "verify", "show.torrent", "--dir", at, "--json")
		all := objects(t, r.stdout)
		last := all[len(all)-1]
		if r.code != 0 || last["event"] != "end" || last["exit"] != 0.0 || all[len(all)-2]["event"] != "verified" {
			t.Errorf("verify --dir %s: %+v", at, r)
		}
	}
	one := runProgram(t, dir, "create", "show/large.bin", "-o", "one.torrent")
	if one.code != 0 || strings.TrimSpace(one.stdout) != readTorrentFile(t, filepath.Join(dir, "one.torrent")).ID().String() {
		t.Errorf("in a pipe stdout is not the info-hash: %+v", one)
	}
	for _, at := range []string{"show", "show/large.bin"} {
		if r := runProgram(t, dir, "verify", "one.torrent", "-d", at); r.code != 0 || !strings.Contains(r.stdout, "(1 of 1 file)") || !strings.Contains(r.stdout, "all 40 pieces and 1 file are right") {
			t.Errorf("a single file at %s: %+v", at, r)
		}
	}
}

func TestVerifyTellsOfDamage(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	large := filepath.Join(dir, "show", "large.bin")
	content, err := os.ReadFile(large)
	if err != nil {
		t.Fatal(err)
	}
	content[200_000] ^= 1
	write(t, large, string(content))
	if err := os.Remove(filepath.Join(dir, "show", "nested", "empty")); err != nil {
		t.Fatal(err)
	}
	r := runProgram(t, dir, "verify", "show.torrent")
	if r.code != int(exitDamaged) || !strings.Contains(r.stdout, "large.bin: 1 damaged piece\n") ||
		!strings.Contains(r.stdout, "empty: missing") || !strings.Contains(r.stdout, "damaged pieces: 12\n") {
		t.Errorf("%+v", r)
	}
	r = runProgram(t, dir, "verify", "show.torrent", "--json")
	all := objects(t, r.stdout)
	v := all[len(all)-3]
	if d, is := v["damaged"].([]any); r.code != int(exitDamaged) || !is || len(d) != 1 || d[0] != 12.0 || all[len(all)-1]["reason"] != "damaged" {
		t.Errorf("%+v", r)
	}
	if r := runProgram(t, dir, "verify", "show.torrent", "--dir", "nowhere"); r.code != int(exitDamaged) {
		t.Errorf("nothing there: %+v", r)
	}
}

// The verdict on a file with bytes behind its own is that of a fetch: a warning.
func TestALongerFileIsNoDamage(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	write(t, filepath.Join(dir, "show", "nested", "small.bin"), "small and more")
	fetched := runProgram(t, dir, "get", "show.torrent", "--state", "g", "--listen", "127.0.0.1:0", "--json")
	verified := runProgram(t, dir, "verify", "show.torrent", "--json")
	for name, r := range map[string]result{"get": fetched, "verify": verified} {
		var warnings []string
		for _, o := range objects(t, r.stdout) {
			if o["event"] == "warning" {
				warnings = append(warnings, o["message"].(string))
			}
			if o["event"] == "verified" {
				if f := o["files"].([]any)[2].(map[string]any); f["state"] != "longer" || f["found"] != 14.0 || f["size"] != 5.0 {
					t.Errorf("%v", f)
				}
			}
		}
		if r.code != 0 || len(warnings) != 1 || !strings.Contains(warnings[0], "small.bin") || !strings.Contains(warnings[0], "14 bytes") {
			t.Errorf("%s: exit %d, warnings %q\n%s", name, r.code, warnings, r.stderr)
		}
	}
	write(t, filepath.Join(dir, "show", "nested", "small.bin"), "smell and more")
	if r := runProgram(t, dir, "verify", "show.torrent"); r.code != int(exitDamaged) || !strings.Contains(r.stdout, "small.bin: 1 damaged piece\n") {
		t.Errorf("wrong and longer: %+v", r)
	}
	write(t, filepath.Join(dir, "show", "nested", "small.bin"), "smal")
	if r := runProgram(t, dir, "verify", "show.torrent"); r.code != int(exitDamaged) || !strings.Contains(r.stdout, "instead of 5 B") {
		t.Errorf("shorter: %+v", r)
	}
}

func TestEqualTreesGiveEqualTorrents(t *testing.T) {
	t.Parallel()
	var first []byte
	for range 2 {
		raw, err := os.ReadFile(filepath.Join(makeShow(t), "show.torrent"))
		if err != nil || first != nil && !bytes.Equal(first, raw) {
			t.Errorf("error %v\n%q\n%q", err, first, raw)
		}
		first = raw
	}
}

func TestFlagsOfCreateStandInTheTorrent(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	r := runProgram(t, dir, "create", "show", "-o", "other.torrent", "--piece-length", "64K", "--format", "v1", "--private", "--source", "S", "--comment", "C",
		"--date=2026-01-31", "--tracker", "http://a/announce,http://b/announce", "--tracker", "udp://c:1", "--web-seed", "https://d/", "--exclude", "*.bin")
	if r.code != 0 {
		t.Fatalf("%+v", r)
	}
	m := readTorrentFile(t, filepath.Join(dir, "other.torrent"))
	if m.PieceLength != 64<<10 || m.Privacy != metainfo.Private || m.Source != "S" || m.Comment != "C" ||
		!m.CreationDate.Equal(time.Date(2026, 1, 31, 0, 0, 0, 0, time.UTC)) || len(m.Announce) != 2 || len(m.Announce[0]) != 2 ||
		len(m.WebSeeds) != 1 || len(m.Files) != 1 || m.Files[0].String() != "nested/empty" {
		t.Errorf("%+v", m)
	}
	dry := runProgram(t, dir, "create", "show", "--dry-run", "-o", "dry.torrent")
	if _, err := os.Stat(filepath.Join(dir, "dry.torrent")); err == nil || dry.code != 0 || !strings.Contains(dry.stdout, "3 files") {
		t.Errorf("%+v, %v", dry, err)
	}
}

func TestSumsAndTheMagnetComeOfTheSameRead(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	r := runProgram(t, dir, "create", "show", "-o", "show/own.torrent", "--sums", "show/SHA256SUMS", "--magnet")
	m := readTorrentFile(t, filepath.Join(dir, "show", "own.torrent"))
	if want := "magnet:?xt=urn:btih:" + m.ID().String() + "&dn=show"; r.code != 0 || !strings.HasPrefix(r.stdout, want) || m.ID() != readTorrentFile(t, filepath.Join(dir, "show.torrent")).ID() {
		t.Errorf("want %s: %+v", want, r)
	}
	sums, err := os.ReadFile(filepath.Join(dir, "show", "SHA256SUMS"))
	if err != nil {
		t.Fatal(err)
	}
	small := fmt.Sprintf("%x  show/nested/small.bin\n", sha256.Sum256([]byte("small")))
	if strings.Count(string(sums), "\n") != 3 || !strings.Contains(string(sums), small) {
		t.Errorf("%s", sums)
	}
	if tool, err := exec.LookPath("sha256sum"); err == nil {
		check := exec.CommandContext(t.Context(), tool, "-c", filepath.Join("show", "SHA256SUMS"))
		check.Dir = dir
		if out, err := check.CombinedOutput(); err != nil {
			t.Errorf("%v\n%s", err, out)
		}
	}
}

// A torrent of names that are stored otherwise could not be seeded from where it
// was made.
func TestNamesThatWouldBeStoredOtherwiseAreRefusedUnlessAllowed(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("no such names here")
	}
	dir := makeShow(t)
	write(t, filepath.Join(dir, "show", "e\x1b[31m.txt"), "red")
	const warning = `e\x1b[31m.txt would be stored as show/e_[31m.txt (unsafe character replaced)`
	for _, args := range [][]string{{}, {"--dry-run"}} {
		r := runProgram(t, dir, append([]string{"create", "show", "-o", "odd.torrent"}, args...)...)
		if r.code != int(exitSource) || !strings.Contains(r.stderr, warning) || !strings.Contains(r.stderr, "1 name would") || r.stdout != "" {
			t.Errorf("%v: %+v", args, r)
		}
	}
	if _, err := os.Stat(filepath.Join(dir, "odd.torrent")); err == nil {
		t.Error("it was made all the same")
	}
	refused := objects(t, runProgram(t, dir, "create", "show", "-o", "odd.torrent", "--json").stdout)
	if len(refused) != 3 || refused[0]["event"] != "warning" || refused[1]["event"] != "error" || refused[2]["exit"] != 3.0 {
		t.Errorf("%v", refused)
	}
	r := runProgram(t, dir, "create", "show", "-o", "odd.torrent", "--allow-unsafe-names", "--json")
	made := objects(t, r.stdout)
	if r.code != 0 || len(made) != 3 || made[0]["message"] != warning || made[1]["event"] != "torrent" ||
		len(made[1]["renamed"].([]any)) != 1 || strings.Contains(r.stderr, "To share it") {
		t.Errorf("%+v", r)
	}
	if r := runProgram(t, dir, "create", "show", "-o", "odd.torrent", "--exclude", "e*"); r.code != 0 || r.stderr != "" {
		t.Errorf("excluded: %+v", r)
	}
}

func TestATorrentInItsOwnFolderIsNotPartOfIt(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	want := readTorrentFile(t, filepath.Join(dir, "show.torrent")).ID()
	for range 2 {
		if r := runProgram(t, filepath.Join(dir, "show"), "create", ".", "-o", "own.torrent"); strings.TrimSpace(r.stdout) != want.String() {
			t.Errorf("%+v, want %v", r, want)
		}
	}
	left, err := filepath.Glob(filepath.Join(dir, "show", ".own*"))
	if err != nil || len(left) > 0 {
		t.Errorf("left behind: %v, %v", left, err)
	}
}

func TestATorrentThatWasNotNamedIsNotReplaced(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	if r := runProgram(t, dir, "create", "show"); r.code != 0 {
		t.Errorf("the same torrent is no conflict: %+v", r)
	}
	if r := runProgram(t, dir, "create", "show", "--private"); r.code != int(exitOverwrite) {
		t.Errorf("another torrent is replaced: %+v", r)
	}
	if r := runProgram(t, dir, "create", "show", "--private", "-o", "show.torrent"); r.code != 0 {
		t.Errorf("a named one is not: %+v", r)
	}
	r := runProgram(t, dir, "create", "show", "-o", "-")
	if m, err := metainfo.Parse([]byte(r.stdout)); err != nil || m.Name != "show" {
		t.Errorf("on stdout: %v", err)
	}
}

func TestShowReadsStandardInputAndTellsWhatIsUnusual(t *testing.T) {
	t.Parallel()
	raw := "d4:infod5:filesld6:lengthi0e4:pathl2:..1:aeed6:lengthi0e4:pathl1:aeee4:name5:x\x1b[2J12:piece lengthi16384e6:pieces0:e7:comment4:\u009b1me"
	cmd := program(t, t.TempDir(), "show", "-")
	cmd.Stdin = strings.NewReader(raw)
	r := finish(t, cmd)
	if r.code != 0 || strings.ContainsAny(r.stdout, "\x1b\u009b") || !strings.Contains(r.stdout, "stored as") || !strings.Contains(r.stdout, "unusual") {
		t.Errorf("%+v", r)
	}
	cmd = program(t, t.TempDir(), "show", "-", "--json")
	cmd.Stdin = strings.NewReader(raw)
	r = finish(t, cmd)
	all := objects(t, r.stdout)
	if len(all) != 2 || strings.ContainsAny(r.stdout, "\x1b\u009b") {
		t.Fatalf("%+v", r)
	}
	if renamed, is := all[0]["renamed"].([]any); !is || len(renamed) < 2 {
		t.Errorf("%+v", all[0])
	}
}
