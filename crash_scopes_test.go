package etorrent_test

import (
	"os"
	"strings"
	"testing"
)

// scope is what a crash of one kind of process may disturb.
type scope uint8

const (
	scopeNothing       scope = iota
	scopeNewcomers           // connections that are not admitted yet
	scopeOwn                 // its own connection
	scopeConnections         // all connections of its torrent
	scopeTransport           // all connections over its transport
	scopeUnwritten           // what has come and is not in the file yet
	scopeNotUnderstood       // the table says something that the test does not know
)

// scopeWords are the phrases that ARCHITECTURE.md uses, the more special first.
var scopeWords = []struct {
	words string
	scope scope
}{
	{"nothing that runs", scopeNothing},
	{"datagrams on their way", scopeNothing}, // a connection over TCP has none
	{"has not named a torrent yet", scopeNewcomers},
	{"being accepted", scopeNewcomers},
	{"attempts under way", scopeNewcomers},
	{"the connections of its torrent", scopeConnections},
	{"all connections over", scopeTransport},
	{"its own connection", scopeOwn},
	{"pieces in flight", scopeUnwritten},
}

// scopesOf reads the table of scopes from ARCHITECTURE.md, by kind.
func scopesOf(t *testing.T) map[string]scope {
	t.Helper()
	text, err := os.ReadFile("ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, section, found := strings.Cut(string(text), "## Scopes of a crash")
	if !found {
		t.Fatal("ARCHITECTURE.md has no section on the scopes of a crash")
	}
	section, _, _ = strings.Cut(section, "\n## ")
	out := map[string]scope{}
	for line := range strings.Lines(section) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		if len(cells) != 4 || strings.Contains(cells[1], "---") || strings.TrimSpace(cells[1]) == "kind" {
			continue
		}
		kind := strings.TrimSpace(cells[1])
		if out[kind] = scopeIn(cells[2]); out[kind] == scopeNotUnderstood {
			t.Errorf("ARCHITECTURE.md: a crash of %s may disturb%s: the test does not understand that", kind, cells[2])
		}
	}
	return out
}

func scopeIn(text string) scope {
	for _, w := range scopeWords {
		if strings.Contains(text, w.words) {
			return w.scope
		}
	}
	return scopeNotUnderstood
}
