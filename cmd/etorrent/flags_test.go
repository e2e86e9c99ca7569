package main

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/sup"
)

func TestAWordThatIsNoCommandIsASource(t *testing.T) {
	h, _, _ := testHost(t, nil)
	root := newRoot(&session{host: h})
	for args, want := range map[string]string{
		"":                        "",
		"--help":                  "--help",
		"-h":                      "-h",
		"--version":               "--version",
		"a.torrent":               "get a.torrent",
		"-":                       "get -",
		"--json a.torrent":        "get --json a.torrent",
		"--dir x a.torrent":       "get --dir x a.torrent",
		"-d x a.torrent":          "get -d x a.torrent",
		"--dir=x a.torrent":       "get --dir=x a.torrent",
		"--dir x":                 "get --dir x",
		"--json":                  "get --json",
		"--dir show a.torrent":    "get --dir show a.torrent",
		"-- show":                 "-- show",
		"-- a.torrent":            "get -- a.torrent",
		"show a.torrent":          "show a.torrent",
		"--json show a.torrent":   "--json show a.torrent",
		"help get":                "help get",
		"completion bash":         "completion bash",
		"__complete get --":       "__complete get --",
		"--bogus":                 "--bogus",
		"seed --dir x":            "seed --dir x",
		"--peer 1.2.3.4:5 -q get": "--peer 1.2.3.4:5 -q get",
	} {
		if got := strings.Join(withDefaultCommand(root, strings.Fields(args)), " "); got != want {
			t.Errorf("%q became %q, want %q", args, got, want)
		}
	}
}

func TestFlagsAreReadFromTheEnvironment(t *testing.T) {
	h, _, _ := testHost(t, nil)
	read := func(env map[string]string, args ...string) (*getFlags, error) {
		f := getFlags{}
		s := &session{host: h}
		get := newGet(s)
		if err := get.ParseFlags(args); err != nil {
			t.Fatal(err)
		}
		err := setFromEnvironment(get.Flags(), func(name string) (string, bool) { v, has := env[name]; return v, has })
		f.dir, _ = get.Flags().GetString("dir")
		f.stallTimeout, _ = get.Flags().GetDuration("stall-timeout")
		f.output.json, _ = get.Flags().GetBool("json")
		f.listen.text = get.Flags().Lookup("listen").Value.String()
		return &f, err
	}
	f, err := read(map[string]string{
		"ETORRENT_DIR": "/data", "ETORRENT_STALL_TIMEOUT": "3s", "ETORRENT_JSON": "1", "ETORRENT_LISTEN": "", "ETORRENT_HELP": "1",
	}, "--dir", "/flag")
	if err != nil || f.dir != "/flag" || f.stallTimeout != 3*time.Second || !f.output.json || f.listen.text != ":0" {
		t.Errorf("%+v, %v", f, err)
	}
	_, err = read(map[string]string{"ETORRENT_DOWN": "fast"})
	if codeOf(err) != exitUsage || !strings.Contains(err.Error(), "ETORRENT_DOWN") {
		t.Errorf("got %v", err)
	}
}

func TestPeersAreAddressesOrNames(t *testing.T) {
	var peers peersValue
	if err := peers.Set("127.0.0.1:4000, [::1]:4001,localhost:4002"); err != nil {
		t.Fatal(err)
	}
	if err := peers.Set("seed.example.org:1"); err != nil {
		t.Fatal(err)
	}
	want := peersValue{"127.0.0.1:4000", "[::1]:4001", "localhost:4002", "seed.example.org:1"}
	if !slices.Equal(peers, want) {
		t.Errorf("got %v", peers)
	}
	for _, bad := range []string{"", "127.0.0.1", "127.0.0.1:65536", "[::]:1", "0.0.0.0:1", "1.2.3.4:0", "host:0", "host", "1.2.3:4"} {
		if err := peers.Set(bad); err == nil {
			t.Errorf("%q is a peer", bad)
		}
	}
}

func TestAClassOfTrafficIsANumberOrLowerEffort(t *testing.T) {
	for text, want := range map[string]etorrent.DSCP{"0": 0, "63": 63, "le": etorrent.LowerEffort, "LE": etorrent.LowerEffort, "1": 1} {
		var v dscpValue
		if err := v.Set(text); err != nil || etorrent.DSCP(v) != want {
			t.Errorf("%q: %d, %v", text, v, err)
		}
		var again dscpValue
		if err := again.Set(v.String()); err != nil || again != v {
			t.Errorf("%q is written as %q, which is %d, %v", text, v.String(), again, err)
		}
	}
}

func TestWhereToListen(t *testing.T) {
	for text, want := range map[string]uint16{":0": 0, ":1729": 1729, "localhost:7": 7, "[::1]:80": 80, "0.0.0.0:6881": 6881, "seed.example.org:1": 1} {
		var v listenValue
		if err := v.Set(text); err != nil || v.port() != want {
			t.Errorf("%q: port %d, %v", text, v.port(), err)
		}
	}
	for _, bad := range []string{"", "1729", ":x", ":65536", "example.org"} {
		if err := new(listenValue).Set(bad); err == nil {
			t.Errorf("%q is an address", bad)
		}
	}
}

func TestTheStateFolderIsWhereThePlatformHasIt(t *testing.T) {
	t.Setenv("HOME", filepath.FromSlash("/home/x"))
	for _, c := range []struct {
		goos string
		env  map[string]string
		want string
	}{
		{"linux", nil, "/home/x/.local/state/etorrent"},
		{"linux", map[string]string{"XDG_STATE_HOME": "/var/x"}, "/var/x/etorrent"},
		{"linux", map[string]string{"XDG_STATE_HOME": "relative"}, "/home/x/.local/state/etorrent"},
		{"darwin", map[string]string{"XDG_STATE_HOME": "/var/x"}, "/home/x/Library/Application Support/etorrent"},
		{"windows", map[string]string{"LocalAppData": "/appdata"}, "/appdata/etorrent"},
		{"linux", map[string]string{"ETORRENT_STATE": "/mine"}, "/mine"},
	} {
		h := &host{goos: c.goos, env: func(name string) (string, bool) { v, has := c.env[name]; return v, has }}
		if got := filepath.ToSlash(stateFolder(h)); got != c.want {
			t.Errorf("%s %v: %s, want %s", c.goos, c.env, got, c.want)
		}
	}
}

// A folder below the one that happens to be the working folder is nobody's home.
func TestStateIsKeptNowhereButWhereItWasNamedOrAtHome(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	homeless := func(args ...string) result {
		cmd := program(t, dir, args...)
		for _, name := range []string{"HOME", "XDG_STATE_HOME", "USERPROFILE", "LocalAppData"} {
			cmd.Env = append(cmd.Env, name+"=")
		}
		return finish(t, cmd)
	}
	for _, args := range []string{"get show.torrent", "seed show.torrent", "cat show.torrent 1", "ps"} {
		if r := homeless(strings.Fields(args)...); r.code != int(exitUsage) || !strings.Contains(r.stderr, "--state") {
			t.Errorf("%s: %+v", args, r)
		}
	}
	for _, args := range []string{"show show.torrent", "verify show.torrent", "version", "get show.torrent --state mine --listen 127.0.0.1:0"} {
		if r := homeless(strings.Fields(args)...); r.code != int(exitDone) {
			t.Errorf("%s: %+v", args, r)
		}
	}
	for _, name := range []string{".local", "etorrent", "crashes"} {
		if _, err := os.Lstat(filepath.Join(dir, name)); err == nil {
			t.Errorf("%s was made", name)
		}
	}
}

func TestHelpSaysWhatForgetsTrackers(t *testing.T) {
	t.Parallel()
	for _, command := range []string{"get", "seed", "cat"} {
		if r := runProgram(t, t.TempDir(), command, "--help"); !strings.Contains(r.stdout, "'' forgets those that are kept") {
			t.Errorf("%s: %s", command, r.stdout)
		}
	}
}

func TestCommandsCanBePasted(t *testing.T) {
	for _, c := range []struct{ goos, word, want string }{
		{"linux", "a.torrent", "a.torrent"}, {"linux", "/data/x-1_2", "/data/x-1_2"}, {"linux", "a b", "'a b'"},
		{"linux", "it's", `'it'\''s'`}, {"linux", "", "''"}, {"linux", `a\b`, `'a\b'`}, {"linux", "$x;`y`", "'$x;`y`'"},
		{"linux", "magnet:?x", "'magnet:?x'"}, {"windows", `C:\data`, `C:\data`}, {"windows", "a b", `"a b"`},
	} {
		if got := quote(c.goos, c.word); got != c.want {
			t.Errorf("%s %q: %s, want %s", c.goos, c.word, got, c.want)
		}
	}
	h := &host{goos: "linux", typed: []string{"/usr/local/bin/etorrent", "get", "a b"}}
	if got := typedAgain(h); got != "etorrent get 'a b'" {
		t.Errorf("got %s", got)
	}
}

func TestACommandThatIsShownHasNoPasskey(t *testing.T) {
	const key = "c0ffee0123456789c0ffee0123456789"
	h := &host{goos: "linux", typed: []string{
		"etorrent", "get", "a", "--tracker", "http://t.test/" + key + "/announce,udp://t.test:1", "--tracker=gopher://" + key,
	}}
	want := "etorrent get a --tracker 'http://t.test/***/announce,udp://t.test:1' --tracker=URL (with the whole URLs)"
	if got := typedAgain(h); got != want {
		t.Errorf("got %s", got)
	}
	h.typed = []string{"etorrent", "get", "a", "--tracker", "http://t.test/announce"}
	if got := typedAgain(h); got != strings.Join(h.typed, " ") {
		t.Errorf("got %s", got)
	}
}

func TestRatesAreAveragedOverSeconds(t *testing.T) {
	var m meter
	start := time.Unix(1000, 0)
	if down, up := m.rates(); down != 0 || up != 0 {
		t.Errorf("%d and %d before anything", down, up)
	}
	for i := range int64(20) {
		m.add(start.Add(time.Duration(i)*time.Second), i*1000, i*i)
	}
	down, up := m.rates()
	if down != 1000 || up < 30 || up > 38 || len(m.samples) > 7 {
		t.Errorf("%d and %d from %d samples", down, up, len(m.samples))
	}
}

func TestACrashReportTellsWhatIsKnown(t *testing.T) {
	state := t.TempDir()
	r := sup.Report{
		Path: "client/torrents/peer[1.2.3.4:5]", Kind: "peer / odd", Exit: sup.Failed{Err: errors.New("broken")},
		Restarts: 3, LastMessage: "piece",
	}
	path, err := writeCrash(state, crashOf(r), time.Unix(0, 0))
	if err != nil || !strings.HasPrefix(filepath.Base(path), "peer---odd-") {
		t.Errorf("%s, %v", path, err)
	}
	r.Restarts = 4
	again, err := writeCrash(state, crashOf(r), time.Unix(1, 0))
	if err != nil || again != path {
		t.Errorf("the same crash was reported in %s, %v", again, err)
	}
	if report, _ := os.ReadFile(path); !strings.Contains(string(report), "time 1970-01-01T00:00:01Z") || !strings.Contains(string(report), "restarts 4") {
		t.Errorf("the report does not tell of the latest:\n%s", report)
	}
	r.Exit = sup.Panicked{Value: "other", Stack: []byte("goroutine 1 [running]:\nx()\n\t/x.go:1 +0x1\n")}
	if other, err := writeCrash(state, crashOf(r), time.Unix(0, 0)); err != nil || other == path {
		t.Errorf("another crash was reported in %s, %v", other, err)
	}
	if left, _ := os.ReadDir(filepath.Dir(path)); len(left) != 2 {
		t.Errorf("%d files", len(left))
	}
}
