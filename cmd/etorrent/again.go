package main

import (
	"path/filepath"
	"slices"
	"strconv"
	"strings"
)

const (
	// masked stands in a URL for what may be a passkey.
	masked = "***"
	// wholeURLs is said behind a command line in which something is masked.
	wholeURLs = " (with the whole URLs)"
)

// seedAgain is what else a command has to say that shares a torrent as this one does.
type seedAgain struct {
	words  []string
	remark string // behind the command
}

// seedAgain are the flags that were given and that mean something to seed, which receives
// nothing, but for those of what is told and how long. What may be a passkey is not told: a tracker that has one is
// kept, and asked again by itself, unless --no-trackers says that only those are that the
// command names.
func (f *engineFlags) seedAgain() seedAgain {
	var a seedAgain
	say := func(name, value string) { a.words = append(a.words, "--"+name, value) }
	if at := f.listen.text; at != ":0" && at != seedPort {
		say("listen", at)
	}
	for _, p := range f.peers {
		say("peer", p)
	}
	if f.noTrackers {
		a.words = append(a.words, "--no-trackers")
	}
	secret := f.trackers.viewSecrets()
	if secret == someSecret && f.noTrackers {
		a.remark = wholeURLs
	}
	if secret == nothingSecret || f.noTrackers {
		for _, tier := range f.trackers {
			say("tracker", maskedTier(strings.Join(tier, ",")))
		}
	}
	if f.up.rateValue > 0 {
		say("up", f.up.typed)
	}
	if f.maxPeers > 0 {
		say("max-peers", strconv.Itoa(int(f.maxPeers)))
	}
	if f.dscp != 0 {
		say("dscp", f.dscp.String())
	}
	for _, at := range f.bind {
		say("bind", at.String())
	}
	if f.transport != anyTransport {
		say("transport", f.transport.String())
	}
	if f.choker.name != "" {
		say("choker", f.choker.name)
	}
	if f.ipFilter != "" {
		say("ip-filter", absolute(f.ipFilter))
	}
	return a
}

// absolute is a path that means the same in each folder.
func absolute(path string) string {
	if abs, err := filepath.Abs(path); err == nil {
		return abs
	}
	return path
}

// secrecy says whether URLs may be shown.
type secrecy uint8

const (
	nothingSecret secrecy = iota
	someSecret
)

// viewSecrets says whether something in the URLs may be a passkey.
func (v trackersValue) viewSecrets() secrecy {
	for _, tier := range v {
		if slices.ContainsFunc(tier, func(u string) bool { return strings.Contains(maskedURL(u), masked) }) {
			return someSecret
		}
	}
	return nothingSecret
}
