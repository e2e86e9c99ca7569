package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/spf13/pflag"
)

func TestTheCommandThatGoesOnSharingSaysWhatWasSaid(t *testing.T) {
	list, err := filepath.Abs("list.gz")
	if err != nil {
		t.Fatal(err)
	}
	for typed, want := range map[string]string{
		"":                               "",
		"--listen :0 --no-trackers":      "--no-trackers",
		"--listen 192.0.2.7:81 --up 5M":  "--listen 192.0.2.7:81 --up 5M",
		"--down 1K --max-peers 7":        "--max-peers 7",
		"--dscp le --bind 192.0.2.7":     "--dscp le --bind 192.0.2.7",
		"--choker rotation":              "--choker rotation",
		"--transport any":                "",
		"--transport utp":                "--transport utp",
		"--ip-filter list.gz":            "--ip-filter " + list,
		"--peer 192.0.2.9:1,x.example:2": "--peer 192.0.2.9:1 --peer x.example:2",
		"--tracker udp://a.example:1,http://b.example/announce --tracker udp://c.example:1": "--tracker udp://a.example:1,http://b.example/announce --tracker udp://c.example:1",
		"--tracker udp://a.example:1 --tracker http://b.example/" + passkey + "/announce":   "", // they are kept
		"--no-trackers --tracker http://b.example/" + passkey + "/announce":                 "--no-trackers --tracker http://b.example/***/announce (with the whole URLs)",
	} {
		h, _, _ := testHost(t, nil)
		f := engineFlags{listen: listenValue{":0"}}
		flags := pflag.NewFlagSet("get", pflag.ContinueOnError)
		f.add(flags, h)
		f.addChoker(flags)
		if err := flags.Parse(strings.Fields(typed)); err != nil {
			t.Fatal(err)
		}
		a := f.seedAgain()
		if got := strings.Join(a.words, " ") + a.remark; got != want {
			t.Errorf("%s: %q, want %q", typed, got, want)
		}
	}
}

// What get says at its end is a command that does it.
func TestWhatGetSaysAtItsEndSharesAsItDid(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	l := startLedger(t)
	peer := seeder(t, dir).address()
	r := runProgram(t, dir, "get", "show.torrent", "--dir", "copy", "--state", "get-state", "--listen", "127.0.0.1:0", "--peer", peer,
		"--no-trackers", "--tracker", strings.Replace(l.url, "/"+passkey, "", 1), "--max-peers", "9", "--down", "30M", "--up", "40mbit")
	_, line, found := strings.Cut(r.stdout, "To keep sharing: etorrent ")
	if r.code != 0 || !found {
		t.Fatalf("%+v", r)
	}
	line, _, _ = strings.Cut(line, "\n")
	for _, want := range []string{"--no-trackers", "--tracker http://127.0.0.1:", "--max-peers 9", "--up 40mbit", "--state ", "--listen 127.0.0.1:0", "--peer " + peer} {
		if !strings.Contains(line, want) {
			t.Errorf("%q is not in %s", want, line)
		}
	}
	if strings.Contains(line, "--down") {
		t.Errorf("it receives nothing: %s", line)
	}
	before := len(l.events())
	again := start(t, dir, strings.Fields(line)...)
	again.until(event("tracker"))
	again.stop(os.Interrupt)
	if got := l.events()[before:]; len(got) == 0 || got[0] != "started" {
		t.Errorf("its tracker heard %q", got)
	}
}
