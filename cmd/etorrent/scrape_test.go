package main

import (
	"os"
	"strings"
	"testing"
)

func TestShowTellsHowLargeSwarmsAre(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	p := startTracker(t, t.TempDir(), "--listen", "127.0.0.1:0", "--json")
	urls := map[string]string{}
	for _, u := range objects(t, p.line())[0]["announce"].([]any) {
		scheme, _, _ := strings.Cut(u.(string), "://")
		urls[scheme] = u.(string)
	}
	const gone, odd = "http://127.0.0.1:1/" + passkey + "/announce", "http://127.0.0.1:1/announce/get.php"
	if r := runProgram(t, dir, "create", "show", "-o", "tracked.torrent", "--tracker", urls["http"]+","+urls["udp"], "--tracker", gone, "--tracker", odd); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	if err := os.WriteFile(dir+"/single.bin", make([]byte, 100), 0o600); err != nil {
		t.Fatal(err)
	}
	if r := runProgram(t, dir, "create", "single.bin", "-o", "other.torrent", "--tracker", urls["http"]); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	s := seeder(t, dir, "--tracker", urls["http"])
	s.until(func(o map[string]any) bool { return o["event"] == "tracker" && o["state"] == "working" })

	r := runProgram(t, dir, "show", "--scrape", "tracked.torrent")
	for _, want := range []string{
		urls["http"] + ": 1 seeder, 0 leechers, completed 0 times", urls["udp"] + ": 1 seeder, 0 leechers, completed 0 times",
		"127.0.0.1:1 cannot be reached", "127.0.0.1:1 cannot be scraped",
	} {
		if r.code != 0 || !strings.Contains(r.stdout, want) {
			t.Errorf("%q is not in %+v", want, r)
		}
	}
	if n := strings.Count(r.stdout, passkey); n != 1 { // of the torrent's own trackers
		t.Errorf("the passkey is there %d times: %s", n, r.stdout)
	}
	all := objects(t, runProgram(t, dir, "show", "--scrape", "--json", "tracked.torrent", "other.torrent").stdout)
	if len(all) != 3 {
		t.Fatalf("%v", all)
	}
	first := all[0]["scrapes"].([]any)
	if len(first) != 4 || first[1].(map[string]any)["seeders"] != 1.0 || first[2].(map[string]any)["fault"] != "unreachable" || first[3].(map[string]any)["fault"] != "no_scrape" || first[3].(map[string]any)["tier"] != 3.0 {
		t.Errorf("%v", first)
	}
	if second := all[1]["scrapes"].([]any); len(second) != 1 || second[0].(map[string]any)["seeders"] != 0.0 {
		t.Errorf("%v", second)
	}
	if plain := runProgram(t, dir, "show", "tracked.torrent"); strings.Contains(plain.stdout, "seeders") {
		t.Errorf("unasked: %+v", plain)
	}
}
