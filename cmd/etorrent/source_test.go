package main

import (
	"compress/gzip"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/metainfo"
)

// site serves a torrent in all the ways that a site may.
func site(t *testing.T, raw []byte) string {
	t.Helper()
	mux := http.NewServeMux()
	mux.HandleFunc("/show.torrent", func(w http.ResponseWriter, r *http.Request) {
		if !strings.HasPrefix(r.UserAgent(), "Etorrent/") {
			t.Errorf("User-Agent %q", r.UserAgent())
		}
		_, _ = w.Write(raw)
	})
	mux.HandleFunc("/zipped", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z := gzip.NewWriter(w)
		_, _ = z.Write(raw)
		_ = z.Close()
	})
	mux.HandleFunc("/bomb", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Encoding", "gzip")
		z, _ := gzip.NewWriterLevel(w, gzip.BestSpeed)
		for range metainfo.MaxTorrentBytes>>20 + 1 {
			_, _ = z.Write(make([]byte, 1<<20))
		}
		_ = z.Close()
	})
	mux.HandleFunc("/page", func(w http.ResponseWriter, _ *http.Request) { _, _ = w.Write([]byte("\n<html>log in</html>")) })
	mux.HandleFunc("/short", func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Length", "1000")
		_, _ = w.Write(raw[:10])
	})
	mux.Handle("/moved", http.RedirectHandler("/show.torrent", http.StatusFound))
	mux.Handle("/circle/"+passkey, http.RedirectHandler("/circle/"+passkey, http.StatusFound))
	mux.Handle("/away", http.RedirectHandler("ftp://x/"+passkey, http.StatusFound))
	server := httptest.NewServer(mux)
	t.Cleanup(server.Close)
	return server.URL
}

func TestATorrentIsFetchedFromItsURL(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	raw, err := os.ReadFile(filepath.Join(dir, "show.torrent"))
	if err != nil {
		t.Fatal(err)
	}
	at := site(t, raw)
	for _, path := range []string{"/show.torrent", "/zipped", "/moved"} {
		if r := runProgram(t, dir, "show", at+path); r.code != 0 || !strings.Contains(r.stdout, "nested/small.bin") {
			t.Errorf("%s: %+v", path, r)
		}
	}
	for path, says := range map[string]string{
		"/none": "404 Not Found", "/page": "is a page and no .torrent", "/short": "unexpected EOF", "/bomb": "bytes",
		"/circle/" + passkey: "more than 5 times", "/away": "neither http nor https", "/none?passkey=" + passkey: "passkey=***",
	} {
		r := runProgram(t, dir, "show", at+path)
		if r.code != int(exitSource) || !strings.Contains(r.stderr, says) || strings.Contains(r.stderr, passkey) {
			t.Errorf("%s: %+v", path, r)
		}
	}
	if r := runProgram(t, dir, "show", "http://127.0.0.1:1/"+passkey); r.code != int(exitSource) || !strings.Contains(r.stderr, "refused") || strings.Contains(r.stderr, passkey) {
		t.Errorf("nobody there: %+v", r)
	}
}

// What the program prints of a torrent that came from a URL names no passkey.
func TestThePasskeyOfASourceIsMasked(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	raw, err := os.ReadFile(filepath.Join(dir, "show.torrent"))
	if err != nil {
		t.Fatal(err)
	}
	url := site(t, raw) + "/show.torrent?passkey=" + passkey
	r := runProgram(t, dir, "get", url, "show.torrent", "--listen", "127.0.0.1:0")
	if r.code != 0 || strings.Contains(r.stdout+r.stderr, passkey) || !strings.Contains(r.stdout, "is the same torrent as") || !strings.Contains(r.stdout, "passkey=***") || !strings.Contains(r.stdout, "etorrent seed TORRENT --dir") {
		t.Errorf("%+v", r)
	}
	r = runProgram(t, dir, "get", url, "--listen", "127.0.0.1:0", "--dir", "copy", "--stall-timeout", "1s")
	if r.code != int(exitStalled) || strings.Contains(r.stdout+r.stderr, passkey) || !strings.Contains(r.stdout, "with the whole URLs") {
		t.Errorf("%+v", r)
	}
}

// several makes torrents of files that lie there, and of some that do not.
func several(t *testing.T) (dir string) {
	t.Helper()
	dir = makeShow(t)
	for name, content := range map[string]string{"one": "1", "two": "22", "three": "333"} {
		write(t, filepath.Join(dir, "copy", name), content)
		if r := runProgram(t, dir, "create", filepath.Join("copy", name), "-o", name+".torrent"); r.code != 0 {
			t.Fatalf("%+v", r)
		}
	}
	return dir
}

func TestAListNamesSources(t *testing.T) {
	t.Parallel()
	dir := several(t)
	list := "# a list\n\none.torrent\r\n  two.torrent  \n"
	write(t, filepath.Join(dir, "list"), list)
	stored := func(r result) string {
		var names []string
		all := objects(t, r.stdout)
		for _, of := range all[len(all)-1]["torrents"].([]any) {
			of := of.(map[string]any)
			if of["stored"] == of["wanted"] {
				names = append(names, of["name"].(string))
			}
		}
		return strings.Join(names, " ")
	}
	common := []string{"--dir", "copy", "--listen", "127.0.0.1:0", "--json"}
	r := runProgram(t, dir, append([]string{"-i", "list", "three.torrent"}, common...)...)
	if got := stored(r); r.code != 0 || got != "three one two" {
		t.Errorf("%q: %+v", got, r)
	}
	cmd := program(t, dir, append([]string{"get", "--input", "-"}, common...)...)
	cmd.Stdin = strings.NewReader(list)
	if r := finish(t, cmd); r.code != 0 || stored(r) != "one two" {
		t.Errorf("%+v", r)
	}
}

// One at a time: the first has no peers, stalls, and gives way; the last is stored
// all the same.
func TestAsManyAreFetchedAtOnceAsJobsSays(t *testing.T) {
	t.Parallel()
	dir := several(t)
	r := runProgram(t, dir, "get", "one.torrent", "show.torrent", "two.torrent", "three.torrent", "--jobs", "1",
		"--dir", "copy", "--listen", "127.0.0.1:0", "--stall-timeout", "1s", "--json")
	running, most, order := 0, 0, []string{}
	all := objects(t, r.stdout)
	for _, o := range all {
		switch o["event"] {
		case "added":
			running, order = running+1, append(order, o["name"].(string))
		case "complete", "error":
			running--
		}
		most = max(most, running)
	}
	if r.code != int(exitStalled) || most != 1 || strings.Join(order, " ") != "one show two three" || !strings.Contains(r.stderr, "show stalled") {
		t.Errorf("%d at once, in the order %v: exit %d\n%s", most, order, r.code, r.stderr)
	}
	for _, of := range all[len(all)-1]["torrents"].([]any) {
		if of := of.(map[string]any); (of["stored"] == of["wanted"]) == (of["name"] == "show") {
			t.Errorf("%v", of)
		}
	}
}
