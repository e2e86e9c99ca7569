package tracker

import (
	"strings"
	"time"
	"unicode/utf8"

	"github.com/etorrent/etorrent/internal/vocab/text"
)

// Failure is why a tracker refuses (BEP 3, 15), and when it may be asked again
// (BEP 31).
type Failure struct {
	Reason      string // printable; may be empty
	Kind        FailureKind
	Retry       Retry
	MinInterval time.Duration // as an answer may tell it beside the reason; 0: not told
}

// FailureKind says what a refusal comes from, as far as its words tell: trackers
// have no codes for it.
type FailureKind uint8

// The kinds.
const (
	// FailureOther is any other reason.
	FailureOther FailureKind = iota
	// Unregistered is a torrent that the tracker does not have, or has no more.
	Unregistered
	// NotAuthorized is a passkey that is missing, wrong or not good for this.
	NotAuthorized
	// ClientBanned is a program or version that the tracker does not admit.
	ClientBanned
	// TooOften is an announce that came too early.
	TooOften
	// StaleConnection is a connection id that ran out (BEP 15): connect again.
	StaleConnection
)

// String says the kind for people.
func (k FailureKind) String() string {
	switch k {
	case FailureOther:
		return "refused"
	case Unregistered:
		return "torrent not registered"
	case NotAuthorized:
		return "not authorized"
	case ClientBanned:
		return "client not admitted"
	case TooOften:
		return "asked too often"
	case StaleConnection:
		return "connection id ran out"
	}
	return "unknown kind"
}

// Retry is when a refused request may be made again (BEP 31).
//
//sumtype:decl
type Retry interface{ retry() }

// RetryUntold leaves it to the client.
type RetryUntold struct{}

// RetryAfter is when a span is over.
type RetryAfter struct{ Span time.Duration }

// RetryNever is never: this is no tracker.
type RetryNever struct{}

func (RetryUntold) retry() {}
func (RetryAfter) retry()  {}
func (RetryNever) retry()  {}

// phrases are words of refusals, the more telling ones first.
var phrases = []struct {
	kind  FailureKind
	words []string
}{
	{StaleConnection, []string{"connection id", "connectionid"}},
	{ClientBanned, []string{
		"banned client", "client is banned", "client banned", "client is not", "client not", "client version", "your client", "unsupported client",
		"client blacklisted", "user-agent", "user agent", "useragent", "peer_id is", "peer id is not", "not on the whitelist",
	}},
	{TooOften, []string{
		"too often", "too fast", "too frequent", "too many requests", "rate limit", "ratelimit", "slow down", "flood", "please wait",
		"min interval", "minimum interval", "minimum announce interval", "announce interval", "too soon", "too early",
	}},
	{NotAuthorized, []string{
		"passkey", "pass key", "torrent_pass", "torrent pass", "authkey", "auth key", "unauthorized", "authenticat", "access denied", "invalid key",
		"user not found", "unknown user", "invalid user", "account", "forbidden", "permission",
	}},
	{Unregistered, []string{
		"unregistered", "not registered", "unknown torrent", "torrent unknown", "unknown info", "infohash not found", "info_hash not found",
		"info hash not found", "torrent not found", "torrent is not found", "torrent does not exist", "torrent doesn't exist", "no such torrent",
		"not exist", "torrent has been deleted", "torrent deleted", "trumped", "torrent is not authorized", "torrent not authorized",
		"requested download is not authorized", "not tracked", "not found",
	}},
	{NotAuthorized, []string{"not authorized", "not authorised", "unauthorised", "not allowed", "denied"}},
}

// ViewFailure is what the words of a refusal tell. They may be any bytes.
func ViewFailure(reason string) Failure {
	return Failure{Reason: printable(reason), Kind: kindOf(reason), Retry: RetryUntold{}}
}

func kindOf(reason string) FailureKind {
	reason = strings.ToLower(cut(reason))
	for _, p := range phrases {
		for _, words := range p.words {
			if strings.Contains(reason, words) {
				return p.kind
			}
		}
	}
	return FailureOther
}

// printable is a message of a tracker for people.
func printable(s string) string { return text.Printable(strings.TrimSpace(cut(s))) }

// cut shortens a message to what is kept, at the end of a rune if it has runes.
func cut(s string) string {
	if len(s) <= MaxTextBytes {
		return s
	}
	end := MaxTextBytes
	for range utf8.UTFMax - 1 {
		if utf8.RuneStart(s[end]) {
			break
		}
		end--
	}
	return s[:end]
}
