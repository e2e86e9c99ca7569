package reading

import (
	"fmt"
	"html"
	"io"
	"mime"
	"net/http"
	"net/url"
	"path"
	"strings"
	"time"

	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Site serves the files of a torrent over HTTP, at their paths, while they come:
// ranges and conditions as http.ServeContent does, folders as plain lists of links.
// What is in a file never changes, so its ETag is that of the torrent and its number.
type Site struct {
	Tree   *Tree
	Source Source
	Tag    string // of the torrent: its info-hash in hex
}

// ServeHTTP answers a GET or HEAD. Reads end with the request.
func (s *Site) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if r.Method != http.MethodGet && r.Method != http.MethodHead {
		w.Header().Set("Allow", "GET, HEAD")
		http.Error(w, "only GET and HEAD", http.StatusMethodNotAllowed)
		return
	}
	name := strings.TrimPrefix(path.Clean("/"+r.URL.Path), "/")
	if name == "" {
		name = "."
	}
	n, isList := s.Tree.at[name], strings.HasSuffix("/"+r.URL.Path, "/")
	switch {
	case n == nil || n.file != nil && isList:
		http.NotFound(w, r)
	case n.file != nil:
		s.file(w, r, n)
	case !isList: // so that the links in it lead below it
		w.Header().Set("Location", link(n.name+"/"))
		w.WriteHeader(http.StatusMovedPermanently)
	default:
		list(w, r, n)
	}
}

func (s *Site) file(w http.ResponseWriter, r *http.Request, n *node) {
	if status, why := s.refuses(n.file); status != http.StatusOK {
		http.Error(w, why, status)
		return
	}
	h := w.Header()
	h.Set("ETag", fmt.Sprintf("\"%s-%d\"", s.Tag, n.file.Index))
	kind := mime.TypeByExtension(path.Ext(n.name))
	if kind == "" { // what sniffing would find has to be waited for
		kind = "application/octet-stream"
	}
	h.Set("Content-Type", kind)
	h.Set("X-Content-Type-Options", "nosniff")
	if isActive(kind) == active {
		h.Set("Content-Security-Policy", "sandbox")
	}
	content := Open(r.Context(), s.Source, n.file.File, Options{Start: WhenRead})
	defer func() { _ = content.Close() }()
	http.ServeContent(prompt{w, http.NewResponseController(w)}, r, "", time.Time{}, content)
}

// activity says whether a browser may run what is in a file. A torrent is the word of
// strangers: it must not act in the name of who serves it.
type activity uint8

const (
	active activity = iota
	passive
)

func isActive(kind string) activity {
	for _, p := range []string{"audio/", "video/", "image/", "text/plain", "application/octet-stream", "application/pdf"} {
		if strings.HasPrefix(kind, p) && !strings.HasPrefix(kind, "image/svg") {
			return passive
		}
	}
	return active
}

// refuses says why a file cannot be read now, or not as a whole; StatusOK if it can.
func (s *Site) refuses(f *Entry) (status int, why string) {
	select {
	case <-s.Source.Done:
		return http.StatusServiceUnavailable, "the torrent is not run any more"
	default:
	}
	state, _ := s.Source.Torrent.Status()
	v, _ := s.Source.Torrent.View()
	switch state.Phase {
	case torrent.Retired:
		return http.StatusServiceUnavailable, "the torrent is not run any more"
	case torrent.Paused, torrent.Refused:
		if state.Err != nil {
			return http.StatusServiceUnavailable, "the torrent is paused by a fault"
		}
	case torrent.Opening, torrent.Checking:
		return http.StatusOK, ""
	case torrent.Fetching, torrent.Sharing:
	}
	if f.Size == 0 || v.Written == nil {
		return http.StatusOK, ""
	}
	for i := f.Offset / v.Geometry.PieceLength; i <= (f.Offset+f.Size-1)/v.Geometry.PieceLength; i++ {
		piece := pieceset.Index(i)
		if !v.Written.Has(piece) && (v.Fetched == nil || !v.Fetched.Has(piece)) {
			return http.StatusNotFound, "not all of this file is there, and it is not wanted"
		}
	}
	return http.StatusOK, ""
}

// link is a relative reference.
func link(to string) string { return (&url.URL{Path: to}).String() }

// list writes a folder as links.
func list(w http.ResponseWriter, r *http.Request, n *node) {
	w.Header().Set("Content-Type", "text/html; charset=utf-8")
	if r.Method == http.MethodHead {
		return
	}
	_, _ = io.WriteString(w, "<!doctype html>\n<meta charset=\"utf-8\">\n<ul>\n")
	for _, k := range n.kids {
		name := k.Name()
		if k.IsDir() {
			name += "/"
		}
		_, _ = fmt.Fprintf(w, "<li><a href=\"%s\">%s</a>\n", html.EscapeString(link(name)), html.EscapeString(name))
	}
	_, _ = io.WriteString(w, "</ul>\n")
}

// prompt passes on what was read without waiting for more, which may not be there for
// long.
type prompt struct {
	http.ResponseWriter
	control *http.ResponseController
}

// Write writes and flushes.
func (p prompt) Write(b []byte) (int, error) {
	n, err := p.ResponseWriter.Write(b)
	if err == nil {
		_ = p.control.Flush() // one that cannot comes later
	}
	return n, err
}
