package main

import (
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"testing"

	"github.com/etorrent/etorrent"
)

func TestExitCodesOfWhatNeedsNoEngine(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "bad.torrent"), "d4:infod6:lengthi1eee")
	write(t, filepath.Join(dir, "empty.torrent"), "")
	write(t, filepath.Join(dir, "folder", "file"), "x")
	write(t, filepath.Join(dir, "none", "sub"), "x")
	if err := os.Symlink("file", filepath.Join(dir, "folder", "link")); err != nil {
		t.Fatal(err)
	}
	hash := strings.Repeat("0123456789", 4)
	for _, c := range []struct {
		args string
		code exitCode
		says string
	}{
		{"", exitDone, ""},
		{"--help", exitDone, ""},
		{"get --help", exitDone, ""},
		{"version", exitDone, ""},
		{"completion bash", exitDone, ""},
		{"version now", exitUsage, "too many"},
		{"get", exitUsage, "SOURCE"},
		{"seed", exitUsage, "TORRENT"},
		{"create", exitUsage, "PATH"},
		{"show", exitUsage, "SOURCE"},
		{"verify a b", exitUsage, "too many"},
		{"get --no-such-flag x", exitUsage, "no-such-flag"},
		{"--no-such-flag", exitUsage, "no-such-flag"},
		{"get x --down fast", exitUsage, "no rate"},
		{"get x --down", exitUsage, "argument"},
		{"get x --max-peers -1", exitUsage, "max-peers"},
		{"get x --dscp 64", exitUsage, "0 to 63"},
		{"seed x --dscp low", exitUsage, "le"},
		{"get x --transport sctp", exitUsage, "tcp, utp, any"},
		{"get x --peer example.org", exitUsage, "HOST:PORT"},
		{"get x --peer 127.0.0.1:0", exitUsage, "peer"},
		{"get x --listen nowhere", exitUsage, "HOST:PORT"},
		{"get x --existing perhaps", exitUsage, "check, trust, refuse, replace"},
		{"seed x --existing replace", exitUsage, "check, trust"},
		{"get x --select re:(", exitUsage, "regular expression"},
		{"get x --stall-timeout soon", exitUsage, "stall-timeout"},
		{"get absent.torrent", exitSource, "no such file"},
		{"absent.torrent", exitSource, "no such file"},
		{"crate", exitSource, "did you mean cat or create?"},
		{"nosuchcommand", exitSource, "no such file (nor a command: etorrent --help lists them)"},
		{"completion", exitDone, ""},
		{"completion foo", exitUsage, "\"foo\" is none of bash, fish, powershell, zsh"},
		{"completion bash foo", exitUsage, "foo"},
		{"help", exitDone, ""},
		{"help get", exitDone, ""},
		{"help foo", exitUsage, "\"foo\" is no command"},
		{"get folder", exitSource, "directory"},
		{"get magnet:?xt=urn:btih:" + hash, exitSource, "not built into this version"},
		{"MAGNET:?xt=urn:btih:" + hash, exitSource, "not built into this version"},
		{"get https://", exitSource, "URL"},
		{"get -i absent", exitUsage, "absent: no such file"},
		{"get -i empty.torrent", exitUsage, "has no SOURCE"},
		{"get - --input -", exitUsage, "can be no source too"},
		{"get x --ratio -1", exitUsage, "no ratio"},
		{"get x --ratio NaN", exitUsage, "no ratio"},
		{"get x --seed-time soon", exitUsage, "seed-time"},
		{"get x --jobs -1", exitUsage, "jobs"},
		{"get x --bind here", exitUsage, "no address"},
		{"get x --bind 0.0.0.0", exitUsage, "none of a machine"},
		{"get x --bind 127.0.0.1 --listen 127.0.0.2:0", exitUsage, "none of the addresses of --bind"},
		{"get x --bind 127.0.0.1 --listen localhost:0", exitUsage, "none of the addresses of --bind"},
		{"get x --on-complete no-such-program", exitUsage, "no program"},
		{"get x --exclude re:(", exitUsage, "regular expression"},
		{"get " + hash, exitSource, "not built into this version"},
		{"show bad.torrent", exitSource, "info"},
		{"show empty.torrent", exitSource, "empty"},
		{"verify bad.torrent", exitSource, "bad torrent"},
		{"seed none", exitSource, "holds no .torrent file"},
		{"create absent", exitSource, "no such file"},
		{"create folder", exitSource, "symbolic link"},
		{"create folder --exclude ** -o x", exitSource, "no file"},
		{"create folder --format v2", exitUsage, "not built into this version"},
		{"create folder --format hybrid", exitUsage, "not built into this version"},
		{"create folder --format v9", exitUsage, "none of v1"},
		{"create folder --piece-length 100000", exitUsage, "power of two"},
		{"create folder --piece-length 8K", exitUsage, "power of two"},
		{"create folder --date yesterday", exitUsage, "--date=2026-01-31"},
		{"create folder --date=yesterday", exitUsage, "no date"},
		{"create folder --tracker example.org", exitUsage, "no URL"},
		{"create folder --exclude 1", exitUsage, "no numbers"},
		{"create folder --json --dry-run", exitUsage, "--dry-run"},
		{"create folder --exclude link --sums -", exitUsage, "needs a file"},
		{"create folder --exclude link --sums folder", exitUsage, "--sums folder is no regular file"},
		{"create folder --exclude link --sums no/where", exitDisk, "no such file"},
		{"create folder --exclude link --sums x --dry-run", exitUsage, "--dry-run"},
		{"create folder -o no/where", exitDisk, "no such file"},
		{"create folder --exclude link -o folder", exitUsage, "no regular file"},
	} {
		r := runProgram(t, dir, strings.Fields(c.args)...)
		if r.code != int(c.code) || !strings.Contains(r.stderr, c.says) {
			t.Errorf("etorrent %s: exit %d, stderr %q; want %d, %q", c.args, r.code, r.stderr, c.code, c.says)
		}
	}
}

func TestEveryExitCodeHasAReason(t *testing.T) {
	t.Parallel()
	for _, code := range []exitCode{
		exitDone, exitBug, exitUsage, exitSource, exitStalled, exitOverwrite, exitDisk, exitDamaged, exitListen, exitHeld,
		exitInterrupted, exitTerminated,
	} {
		if reasons[code] == "" {
			t.Errorf("exit %d has none", code)
		}
	}
}

func TestErrorsOfTheLibraryHaveTheirExitCodes(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		err  error
		code exitCode
	}{
		{&etorrent.SourceError{Err: os.ErrInvalid}, exitSource},
		{&etorrent.HeldError{PID: 7}, exitHeld},
		{&etorrent.ConflictError{Path: "a"}, exitOverwrite},
		{&etorrent.StorageError{Op: "write", Path: "a", Err: os.ErrPermission}, exitDisk},
		{&etorrent.CrashError{Err: os.ErrInvalid}, exitBug},
		{&interruption{signal: os.Interrupt}, exitInterrupted},
		{&interruption{signal: os.Kill}, exitTerminated},
		{&failure{code: exitDisk, err: &etorrent.HeldError{}}, exitDisk},
		{nil, exitDone},
	} {
		if got := codeOf(c.err); got != c.code {
			t.Errorf("%v: exit %d, want %d", c.err, got, c.code)
		}
	}
}

func TestAFailureEndsTheStreamOfObjects(t *testing.T) {
	t.Parallel()
	r := runProgram(t, t.TempDir(), "get", "absent.torrent", "--json")
	all := objects(t, r.stdout)
	if len(all) != 2 || all[0]["event"] != "error" || all[1]["event"] != "end" || all[1]["exit"] != 3.0 || all[1]["reason"] != "bad source" {
		t.Errorf("%s", r.stdout)
	}
}

func TestASignalAfterTheCommandDoesNotChangeTheExitCode(t *testing.T) {
	t.Parallel()
	if runtime.GOOS == "windows" {
		t.Skip("a program cannot interrupt itself there")
	}
	dir := t.TempDir()
	for code, args := range map[int][]string{0: {"version"}, 2: {"version", "--no-such-flag"}} {
		cmd := program(t, dir, args...)
		cmd.Env = append(cmd.Env, asProgram+"="+signalledLate)
		if r := finish(t, cmd); r.code != code {
			t.Errorf("%v: %+v", args, r)
		}
	}
}
