package announce

import (
	"compress/gzip"
	"context"
	"encoding/base64"
	"errors"
	"io"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

const (
	// redirectsAtMost is how often one request may be sent elsewhere.
	redirectsAtMost = 5
	// idleLasts is how long a connection is kept that nobody uses.
	idleLasts = 20 * time.Second
	// smallBody is the longest body that is read without further ado; of those that
	// are longer bigAtOnce are read at once.
	smallBody = 64 << 10
	bigAtOnce = 2
)

var (
	errRedirects = errors.New("the tracker sends us on again and again")
	errSentAway  = errors.New("the tracker sends us where no tracker can be")
	errInClear   = errors.New("the tracker sends us on from https to http")
	errEncoding  = errors.New("the tracker's answer is packed in a way that we did not ask for")
)

// web is what goes over HTTP. Each request has a worker, which waits; connections that
// are left over are kept here.
type web struct {
	pool
	big chan struct{} // has a place for each long body that is being read
}

func newWeb() web { return web{big: make(chan struct{}, bigAtOnce)} }

// put takes back a connection; nil is none.
func (w *web) put(s *stream, now mono.Instant) {
	if s != nil {
		w.pool.put(s, now.Add(idleLasts))
	}
}

// visit is a request over HTTP, as its worker has it.
type visit struct {
	of     uint64   // incarnation
	x      *process // of which only p, s and web.big are used: the rest is the loop's
	job    job
	family tracker.Family
	within time.Duration
	addrs  []netip.Addr // of the URL's host, judged
	conn   *stream      // open, and not in use; nil for none
	urls   []tracker.URL
	holds  bigness
}

// bigness says whether a visit has a place among the long bodies.
type bigness uint8

const (
	small bigness = iota
	big
)

// get has a worker make a request over HTTP.
func (x *process) get(f *flight, addrs []netip.Addr) {
	v := &visit{
		of: x.state.incarnations, x: x, job: f.job, family: f.family, within: x.s.cfg.Clock.Until(f.until), addrs: addrs,
		conn: x.web.take(f.to, f.family), urls: []tracker.URL{f.to},
	}
	x.p.Go("request", func() error {
		x.p.Step("request worker")
		o := v.run()
		x.s.outcomes.Put(ended{v.of, visited{o, v.conn}})
		x.p.Act("request worker") // what it read is not lost by a crash from here on
		return nil
	})
}

// run makes the request, which goes on where the tracker says.
func (v *visit) run() outcome {
	ctx, cancel := context.WithTimeout(v.x.p.Context(), v.within)
	defer cancel()
	defer v.rest()
	text := v.job.page()
	for range redirectsAtMost + 1 {
		reply, next, err := v.ask(ctx, text)
		switch {
		case err != nil:
			return v.job.failed(faultOf(err, v.urls...))
		case next == "":
			return v.job.viewPage(reply)
		}
		text = next
	}
	return v.job.failed(faultOf(errRedirects))
}

// ask gets one URL, the last of v.urls. The result is what came, or the URL to go on
// with.
func (v *visit) ask(ctx context.Context, text string) (reply tracker.HTTPReply, next string, err error) {
	s, resp, err := v.exchange(ctx, text)
	if err != nil {
		return reply, "", err
	}
	if isRedirect(resp) {
		next, err = v.follow(text, resp.Header.Get("Location"))
		if resp.ContentLength != 0 {
			resp.Close = true // what people are to read is not waited for
		}
	} else {
		reply = tracker.HTTPReply{Status: resp.StatusCode, RetryAfter: resp.Header.Get("Retry-After")}
		reply.Body, err = v.unpack(ctx, resp)
		resp.Close = resp.Close || err != nil
	}
	v.leave(s, resp)
	return reply, next, err
}

// exchange sends a request over a connection that is there, or a new one. A tracker
// may have closed the former while nobody looked, and is called again then.
func (v *visit) exchange(ctx context.Context, text string) (*stream, *http.Response, error) {
	u := v.urls[len(v.urls)-1]
	head := headOf(u, text, v.x.s.cfg.Agent)
	if s := v.conn; s != nil {
		v.conn = nil
		if s.origin == originOf(u, v.family) && mayCall(u, s.at) == callable {
			resp, err := s.exchange(ctx, head)
			if err == nil {
				return s, resp, nil
			}
			s.close()
			if s.in.got == gotSome || ctx.Err() != nil {
				return nil, nil, err
			}
		} else {
			s.close()
		}
	}
	s, err := v.dial(ctx, u)
	if err != nil {
		return nil, nil, err
	}
	resp, err := s.exchange(ctx, head)
	if err != nil {
		s.close()
		return nil, nil, err
	}
	return s, resp, nil
}

// leave keeps a connection for what comes next, if the answer was read to its end.
func (v *visit) leave(s *stream, resp *http.Response) {
	if !resp.Close {
		n, err := resp.Body.Read(make([]byte, 1))
		if n == 0 && errors.Is(err, io.EOF) && s.read.Buffered() == 0 {
			v.conn = s
			return
		}
	}
	s.close()
}

// dial calls a tracker at one address after the other.
func (v *visit) dial(ctx context.Context, u tracker.URL) (*stream, error) {
	addrs := v.addrs
	if len(v.urls) > 1 {
		found, err := v.find(ctx, u)
		if err != nil {
			return nil, err
		}
		addrs = found
	}
	var last error
	for i, a := range addrs {
		until, _ := ctx.Deadline()
		part, cancel := context.WithTimeout(ctx, time.Until(until)/time.Duration(len(addrs)-i))
		s, err := v.dialOne(part, u, a)
		cancel()
		if err == nil {
			return s, nil
		}
		last = err
	}
	return nil, last
}

func (v *visit) dialOne(ctx context.Context, u tracker.URL, a netip.Addr) (*stream, error) {
	raw, err := v.x.s.cfg.Egress.Stream(ctx, netip.AddrPortFrom(a, u.Port()))
	if err != nil {
		return nil, err
	}
	s := newStream(v.x.p, raw, originOf(u, v.family), a)
	if err := s.secure(ctx, v.x.s.cfg.Trust); err != nil {
		s.close()
		return nil, err
	}
	return s, nil
}

var errNoAddress = errors.New("its host has no address that can be called")

// find looks up the host that a tracker sends us to. The family stays the same.
func (v *visit) find(ctx context.Context, u tracker.URL) ([]netip.Addr, error) {
	all, err := find(ctx, v.x.s.cfg.Egress, u.Host())
	if err != nil {
		return nil, err
	}
	var fit []netip.Addr
	forbidden := 0
	for _, a := range all {
		switch {
		case !isOf(a, v.family):
		case mayCall(u, a) == callable:
			fit = append(fit, a)
		default:
			forbidden++
		}
	}
	switch {
	case len(fit) > 0:
		return fit, nil
	case forbidden > 0:
		return nil, errForbidden
	}
	return nil, errNoAddress
}

// callEvidence says whether an address may be called for a URL.
type callEvidence uint8

const (
	callable callEvidence = iota
	forbidden
)

func mayCall(u tracker.URL, a netip.Addr) callEvidence {
	switch u.ViewAddress(a) {
	case tracker.AddressPublic, tracker.AddressLocal:
		return callable
	case tracker.AddressForbidden, tracker.AddressUnusable:
	}
	return forbidden
}

func isRedirect(r *http.Response) bool {
	switch r.StatusCode {
	case http.StatusMovedPermanently, http.StatusFound, http.StatusSeeOther, http.StatusTemporaryRedirect, http.StatusPermanentRedirect:
		return r.Header.Get("Location") != ""
	}
	return false
}

// follow judges where a tracker sends us, and returns the URL. What was said under TLS
// is not said in the clear: it may hold a passkey.
func (v *visit) follow(text, location string) (string, error) {
	from := v.urls[len(v.urls)-1]
	if base, err := url.Parse(text); err == nil {
		if to, err := base.Parse(location); err == nil {
			location = to.String()
		}
	}
	e, is := tracker.ViewURL(location).(tracker.URLUsable)
	switch {
	case !is || e.URL.Scheme() == tracker.UDP:
		return "", errSentAway
	case from.Scheme() == tracker.HTTPS && e.URL.Scheme() == tracker.HTTP:
		return "", errInClear
	}
	v.urls = append(v.urls, e.URL)
	return e.URL.Secret(), nil
}

// headOf is a request for a URL.
func headOf(u tracker.URL, text, agent string) []byte {
	_, rest, _ := strings.Cut(text, "://")
	authority, target := rest, ""
	if at := strings.IndexAny(rest, "/?"); at >= 0 {
		authority, target = rest[:at], rest[at:]
	}
	if !strings.HasPrefix(target, "/") {
		target = "/" + target
	}
	head := "GET " + target + " HTTP/1.1\r\nHost: " + u.HostPort() + "\r\n"
	if agent != "" {
		head += "User-Agent: " + agent + "\r\n"
	}
	if at := strings.LastIndexByte(authority, '@'); at >= 0 {
		user := authority[:at]
		if plain, err := url.PathUnescape(user); err == nil {
			user = plain
		}
		head += "Authorization: Basic " + base64.StdEncoding.EncodeToString([]byte(user)) + "\r\n"
	}
	return []byte(head + "Accept: */*\r\nAccept-Encoding: gzip\r\n\r\n")
}

// unpack reads a body.
func (v *visit) unpack(ctx context.Context, resp *http.Response) ([]byte, error) {
	switch strings.ToLower(resp.Header.Get("Content-Encoding")) {
	case "", "identity":
		return v.readBody(ctx, resp.Body)
	case "gzip", "x-gzip":
		plain, err := gzip.NewReader(resp.Body)
		if err != nil {
			return nil, bodyFault(err)
		}
		return v.readBody(ctx, plain)
	}
	return nil, errEncoding
}

// readBody reads all of a body. A long one waits until there are few others, so that
// what they all take is bounded.
func (v *visit) readBody(ctx context.Context, from io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(from, smallBody))
	if err != nil || len(body) < smallBody {
		return body, bodyFault(err)
	}
	select {
	case v.x.web.big <- struct{}{}:
		v.holds = big
	case <-ctx.Done():
		return nil, ctx.Err()
	}
	body = append(make([]byte, 0, tracker.MaxBodyBytes+1), body...)
	for len(body) < cap(body) {
		n, err := from.Read(body[len(body):cap(body)])
		body = body[:len(body)+n]
		switch {
		case errors.Is(err, io.EOF):
			return body, nil
		case err != nil:
			return nil, bodyFault(err)
		}
	}
	return nil, errTooLong
}

// rest gives back the place of a long body, after it was looked at.
func (v *visit) rest() {
	if v.holds == big {
		<-v.x.web.big
	}
}

// bodyFault is an error without what the tracker sent.
func bodyFault(err error) error {
	switch {
	case err == nil:
		return nil
	case errors.Is(err, gzip.ErrHeader), errors.Is(err, gzip.ErrChecksum):
		return errEncoding
	}
	return headFault(err)
}
