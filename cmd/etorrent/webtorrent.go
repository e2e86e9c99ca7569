package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/etorrent/etorrent"
)

const (
	// fetchWithin bounds the fetch of a .torrent.
	fetchWithin = 2 * time.Minute
	// answerWithin bounds the wait for a server that says nothing.
	answerWithin = 30 * time.Second
	// hops is how often a server may send us on.
	hops = 5
)

// isWebURL says whether a word is a URL of a .torrent.
func isWebURL(word string) bool {
	lower := strings.ToLower(word)
	return strings.HasPrefix(lower, "http://") || strings.HasPrefix(lower, "https://")
}

var (
	errHops      = fmt.Errorf("the server sends us on more than %d times", hops)
	errDowngrade = errors.New("the server sends us on from https to http")
	errScheme    = errors.New("the server sends us on to what is neither http nor https")
)

// fetchTorrent fetches the .torrent at a URL. No error has what may be a passkey.
func fetchTorrent(s *session, word string) ([]byte, error) {
	shown := maskedURL(word)
	ctx, cancel := context.WithTimeout(s.ctx, fetchWithin)
	defer cancel()
	r, err := http.NewRequestWithContext(ctx, http.MethodGet, word, nil)
	if err != nil {
		return nil, failed(exitSource, "%s is no URL that can be fetched", shown)
	}
	r.Header.Set("User-Agent", "Etorrent/"+etorrent.Version)
	client, err := webClient(s)
	if err != nil {
		return nil, err
	}
	defer client.CloseIdleConnections()
	answer, err := client.Do(r)
	if err != nil {
		return nil, fetchError(s, shown, err)
	}
	defer func() { _ = answer.Body.Close() }()
	if answer.StatusCode != http.StatusOK {
		return nil, failed(exitSource, "%s: the server answers %d %s", shown, answer.StatusCode, http.StatusText(answer.StatusCode))
	}
	raw, err := readTorrent(shown, answer.Body)
	switch {
	case err != nil && s.ctx.Err() != nil, err != nil && ctx.Err() != nil:
		return nil, fetchError(s, shown, ctx.Err())
	case err != nil:
		return nil, err
	case bytes.HasPrefix(bytes.TrimSpace(raw), []byte("<")):
		return nil, failed(exitSource, "%s is a page and no .torrent; does the site want you to log in?", shown)
	}
	return raw, nil
}

// webClient fetches over the network of the session.
func webClient(s *session) (*http.Client, error) {
	network := s.network
	if network == nil {
		host, err := etorrent.HostNetwork(0)
		if err != nil {
			return nil, err
		}
		network = host
	}
	return &http.Client{
		Transport: &http.Transport{
			DialContext: network.DialContext, TLSHandshakeTimeout: answerWithin, ResponseHeaderTimeout: answerWithin,
		},
		CheckRedirect: func(r *http.Request, via []*http.Request) error {
			switch last := via[len(via)-1].URL.Scheme; {
			case len(via) > hops:
				return errHops
			case r.URL.Scheme != "http" && r.URL.Scheme != "https":
				return errScheme
			case last == "https" && r.URL.Scheme == "http":
				return errDowngrade
			}
			return nil
		},
	}, nil
}

// fetchError is an error without the URL that package http puts into its own.
func fetchError(s *session, shown string, err error) error {
	if stopped := context.Cause(s.ctx); stopped != nil {
		return stopped
	}
	if at := (*url.Error)(nil); errors.As(err, &at) {
		err = at.Err
	}
	if errors.Is(err, context.DeadlineExceeded) {
		err = fmt.Errorf("no .torrent came within %v", fetchWithin)
	}
	return failed(exitSource, "%s: %w", shown, err)
}
