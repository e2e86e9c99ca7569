package client_test

import (
	"os"
	"path"
	"regexp"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/internal/proc/client"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/sup"
)

// drawnTree is the block ```tree of ARCHITECTURE.md.
func drawnTree(t *testing.T) string {
	t.Helper()
	text, err := os.ReadFile("../../../ARCHITECTURE.md")
	if err != nil {
		t.Fatal(err)
	}
	_, block, found := strings.Cut(string(text), "```tree\n")
	if !found {
		t.Fatal("ARCHITECTURE.md draws no tree")
	}
	block, _, _ = strings.Cut(block, "```")
	return block
}

var strategyNames = map[sup.Strategy]string{
	sup.OneForOne: "one_for_one", sup.OneForAll: "one_for_all", sup.RestForOne: "rest_for_one", sup.Dynamic: "dynamic",
}

// strategies collects the strategies of a described supervisor and those below
// it, by path.
func strategies(at string, s *sup.Supervisor, into map[string]string) {
	into[at] = strategyNames[s.Strategy]
	for _, c := range s.Children {
		if c.Supervisor != nil {
			strategies(path.Join(at, plain(c.Name)), c.Supervisor, into)
		}
	}
}

var inBrackets = regexp.MustCompile(`\[.*\]`)

// plain is a name as it is drawn: what tells children of a kind apart is a star.
func plain(name string) string { return inBrackets.ReplaceAllString(name, "[*]") }

// draw draws what runs, children of a kind once.
func draw(t *testing.T, b *strings.Builder, at, indent string, nodes []sup.Node, of map[string]string) {
	var names []string
	children := map[string][]sup.Node{}
	for _, n := range nodes {
		name := plain(n.Name)
		if _, seen := children[name]; !seen {
			names = append(names, name)
		}
		children[name] = append(children[name], n.Children...)
		if kind := strings.TrimSuffix(name, "[*]"); n.Kind != kind {
			t.Errorf("%s is of kind %s", n.Path, n.Kind)
		}
		if n.State.String() != "running" {
			t.Errorf("%s is %v", n.Path, n.State)
		}
	}
	for _, name := range names {
		below := path.Join(at, name)
		b.WriteString(indent + name)
		if s := of[below]; s != "" {
			b.WriteString(" (" + s + ")")
		}
		b.WriteString("\n")
		draw(t, b, below, indent+"  ", children[name], of)
	}
}

func TestTheRunningTreeIsTheOneThatIsDrawn(t *testing.T) {
	drawn := drawnTree(t)
	of := map[string]string{}
	described := client.Description()
	strategies("client", &described, of)
	one := torrent.New(torrent.Env{}, 1, 1, torrent.Options{}).Child()
	strategies("client/torrents/pool/torrent[*]", one.Supervisor, of)
	synctest.Test(t, func(t *testing.T) {
		network := etorrenttest.NewNetwork(t)
		host, other := network.Host("10.0.0.1"), network.Host("10.0.0.2")
		c := etorrenttest.NewClient(t, host, etorrent.Options{Listen: []string{":6881", ":6882"}})
		remote := etorrenttest.NewClient(t, other, etorrent.Options{})
		for _, name := range []string{"a", "b"} {
			content := etorrenttest.NewContent(t, name, 16<<10, 50_000)
			content.Fetch(t, remote)
			content.Fetch(t, c, other.Endpoint())
		}
		time.Sleep(5 * time.Second) // virtual: a dial that came too early is repeated
		stranger, err := other.DialContext(t.Context(), "tcp", host.Endpoint().String())
		if err != nil {
			t.Fatal(err)
		}
		defer stranger.Close()
		synctest.Wait()
		var b strings.Builder
		draw(t, &b, "", "", []sup.Node{c.Tree().Root}, of)
		if b.String() != drawn {
			t.Errorf("ARCHITECTURE.md draws\n%s\nbut what runs is\n%s", drawn, b.String())
		}
	})
}
