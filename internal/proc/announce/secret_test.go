package announce_test

import (
	"crypto/x509"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/proc/announce"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
	"github.com/etorrent/etorrent/sup"
)

// Nothing that comes out of the process, but the row, has a passkey: not with trackers
// that fail, tell it, or send us on with it, nor with a crash.
func TestAPasskeyComesOutNowhere(t *testing.T) {
	trust := x509.NewCertPool()
	var crashes atomic.Int32 // workers run at once
	hook := func(p sup.Point) {
		if p.Label != "request worker" || p.At != sup.BetweenActions {
			return
		}
		if n := crashes.Add(1); n <= 3 {
			panic(fmt.Sprint("injected ", n))
		}
	}
	inWorld(t, hook, func(cfg *announce.Config) { cfg.Trust = trust }, func(t *testing.T, w *world) {
		w.n.SetName("closed.example", otherHost)
		w.n.SetName("home.example", privateHost)
		w.n.SetName(passkey+".example", otherHost)
		w.n.SetName("example.com", theirHost)
		w.n.SetName("impostor.example", theirHost)
		w.n.SetName(passkey+".impostor.example", theirHost)
		_, pool := w.secured(theirHost+":443", func(rw http.ResponseWriter, r *http.Request) {
			http.Redirect(rw, r, "http://tracker.example"+r.URL.String(), http.StatusFound)
		})
		*trust = *pool
		answers := map[string]func(rw http.ResponseWriter, r *http.Request){
			"good": func(rw http.ResponseWriter, _ *http.Request) { _, _ = io.WriteString(rw, body) },
			"refuse": func(rw http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(rw, "d14:failure reason40:bad "+passkey+" !!!e")
			},
			"warn": func(rw http.ResponseWriter, _ *http.Request) {
				_, _ = io.WriteString(rw, body[:len(body)-1]+"15:warning message36:bad "+passkey+"e")
			},
			"nonsense": func(rw http.ResponseWriter, r *http.Request) { _, _ = io.WriteString(rw, r.URL.String()) },
			"status":   func(rw http.ResponseWriter, r *http.Request) { http.Error(rw, r.URL.String(), 500) },
			"gone": func(rw http.ResponseWriter, r *http.Request) {
				http.Redirect(rw, r, "http://gone.example"+r.URL.String(), http.StatusFound)
			},
			"closed": func(rw http.ResponseWriter, r *http.Request) {
				http.Redirect(rw, r, "http://closed.example:81"+r.URL.String(), http.StatusFound)
			},
			"home": func(rw http.ResponseWriter, r *http.Request) {
				http.Redirect(rw, r, "http://home.example/x/"+passkey, http.StatusFound)
			},
			"named": func(rw http.ResponseWriter, r *http.Request) {
				http.Redirect(rw, r, "http://"+passkey+".other.example/announce", http.StatusFound)
			},
			"odd": func(rw http.ResponseWriter, r *http.Request) {
				http.Redirect(rw, r, "gopher://x/"+passkey, http.StatusFound)
			},
			"loop":  func(rw http.ResponseWriter, r *http.Request) { http.Redirect(rw, r, r.URL.String(), http.StatusFound) },
			"abort": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
			"raw": func(rw http.ResponseWriter, r *http.Request) {
				c, _, _ := http.NewResponseController(rw).Hijack()
				_, _ = io.WriteString(c, "HELLO "+r.URL.String()+"\r\n\r\n")
				_ = c.Close()
			},
		}
		w.serveAt(theirHost+":80", func(rw http.ResponseWriter, r *http.Request) {
			answers[strings.Split(r.URL.Path, "/")[1]](rw, r)
		})
		w.station(theirHost+":6969", func(r tracker.RequestEvidence) []byte {
			if a, is := r.(tracker.AnnounceRequest); is {
				return tracker.AppendErrorReply(nil, a.Transaction, "what is "+a.Target)
			}
			return wellAnswered(r, tracker.IPv4)
		})
		urls := []string{
			"https://example.com/" + passkey + "/announce", "https://impostor.example/" + passkey + "/announce",
			"https://" + passkey + ".impostor.example/announce",
			"http://closed.example/" + passkey + "/announce", "http://me:" + passkey + "@closed.example/announce",
			"http://" + passkey + ".example/announce", "http://nowhere." + passkey + ".example/announce?passkey=" + passkey,
			"udp://tracker.example:6969/" + passkey + "/announce", "udp://closed.example:6969/" + passkey,
			"http://home.example/x/" + passkey,
		}
		for name := range answers {
			urls = append(urls, "http://tracker.example/"+name+"/"+passkey+"/announce?passkey="+passkey)
		}
		for i, u := range urls {
			w.s.Begin(w.entry(ident.TorrentID(1+i), u))
		}
		w.pass(3 * time.Minute)
		w.s.NetworkChanged()
		w.pass(10 * time.Minute)

		var out strings.Builder
		note := func(v any) {
			text, _ := json.Marshal(v)
			_, _ = fmt.Fprintf(&out, "%v\n%+v\n%#v\n%s\n", v, v, v, text)
		}
		for _, r := range w.into.reported() {
			note(r)
		}
		for i := range urls {
			for _, r := range w.s.Trackers(ident.TorrentID(1 + i)) {
				note(r)
			}
		}
		for _, r := range w.crashes.Take(nil) {
			note(r)
			_, _ = fmt.Fprintln(&out, r.Exit)
		}
		note(w.tree.Snapshot().String())
		for line := range strings.Lines(out.String()) {
			if strings.Contains(line, passkey) || strings.Contains(line, passkey[:16]) || strings.Contains(line, passkey[16:]) {
				t.Errorf("it came out: %s", line)
			}
		}
		if crashes.Load() < 3 || len(w.into.reported()) < len(urls) {
			t.Errorf("%d passes of a worker, %d reports of %d trackers", crashes.Load(), len(w.into.reported()), len(urls))
		}
	})
}
