package client

import (
	"errors"
	"path"
	"slices"

	"github.com/etorrent/etorrent/internal/proc/roster"
	"github.com/etorrent/etorrent/internal/proc/torrent"
	"github.com/etorrent/etorrent/sup"
)

// Tree is the live tree. A torrent in quarantine, of which nothing runs, stands where
// its processes would.
func (c *Client) Tree() sup.Snapshot {
	s := c.tree.Snapshot()
	pool := nodeOf(&s.Root, "torrents", "pool")
	if pool == nil {
		return s
	}
	for _, r := range c.roster.List() {
		name := r.Torrent.Name()
		if slices.ContainsFunc(pool.Children, func(n sup.Node) bool { return n.Name == name }) {
			continue
		}
		if n, is := quarantined(r.Torrent); is == putAside {
			n.Path = path.Join(pool.Path, name)
			pool.Children = append(pool.Children, n)
		}
	}
	return s
}

// aside says whether a torrent is in quarantine.
type aside uint8

const (
	atWork aside = iota
	putAside
)

func quarantined(t *torrent.Torrent) (sup.Node, aside) {
	status, _ := t.Status()
	var why *roster.QuarantineError
	if !errors.As(status.Err, &why) {
		return sup.Node{}, atWork
	}
	child := t.Child()
	return sup.Node{
		Name: child.Name, Kind: child.Kind, Strategy: child.Supervisor.Strategy.String(), State: sup.Quarantined{Until: why.RetryAt},
	}, putAside
}

// nodeOf is the node that names lead to, nil if there is none.
func nodeOf(n *sup.Node, names ...string) *sup.Node {
	for _, name := range names {
		i := slices.IndexFunc(n.Children, func(c sup.Node) bool { return c.Name == name })
		if i < 0 {
			return nil
		}
		n = &n.Children[i]
	}
	return n
}

// Kill kills the process at a path of the tree; see sup.Tree.Kill.
func (c *Client) Kill(path string) error { return c.tree.Kill(path) }
