package etorrent_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/etorrenttest"
	"github.com/etorrent/etorrent/sup"
)

// progressLost is how much progress a crash may cost outside its scope.
const progressLost = time.Second

// norm is how a fetch goes where nothing crashes.
type norm struct{ pause, ended time.Duration }

// verdict judges one run.
type verdict struct {
	*testing.T
	w     *crashWorld
	role  string // of the client in which a process crashed
	at    sup.Point
	scope scope
	norms map[string]norm // by fetch
}

// judge holds a run that had a crash against its scope.
func (v *verdict) judge() {
	v.onlyThisCrash()
	v.shownInTree()
	lost := v.lostConnections()
	for _, f := range v.w.fetches {
		f.content.Check(v, v.w.members[f.role].storage, etorrenttest.Dir)
		v.verifiedOnce(f)
		v.bytesOf(f)
		v.progressOf(f, lost[f.String()])
	}
}

func (v *verdict) onlyThisCrash() {
	for role, m := range v.w.members {
		for _, e := range past(m) {
			c, is := e.(etorrent.CrashedEvent)
			if is && (role != v.role || c.Path != v.at.Path || c.Err != "panicked: injected") {
				v.Errorf("%s: %s crashed too: %s\n%s", role, c.Path, c.Err, c.Stack)
			}
		}
	}
	if n := count[etorrent.CrashedEvent](v.w.members[v.role]); n != 1 {
		v.Errorf("%d crashes were told", n)
	}
}

// shownInTree looks for the restart of a process that is restarted by its
// supervisor; a peer or a greeting is not, it is gone.
func (v *verdict) shownInTree() {
	found := nodeAt(v.w.members[v.role].Tree().Root, v.at.Path)
	switch gone := v.at.Kind == "peer" || v.at.Kind == "greet" || v.at.Kind == "conn"; {
	case gone && found != nil:
		v.Errorf("%s is still in the tree", v.at.Path)
	case gone:
	case found == nil:
		v.Errorf("%s is not in the tree", v.at.Path)
	case found.Restarts != 1 || found.LastExit == nil || found.LastExit.String() != "panicked: injected":
		v.Errorf("%s was restarted %d times, last exit %v", v.at.Path, found.Restarts, found.LastExit)
	}
}

func nodeAt(n sup.Node, path string) *sup.Node {
	if n.Path == path {
		return &n
	}
	for _, c := range n.Children {
		if found := nodeAt(c, path); found != nil {
			return found
		}
	}
	return nil
}

// lostConnections fails for connections that were lost outside the scope. It
// returns which sources each fetch lost.
func (v *verdict) lostConnections() map[string][]string {
	lost := map[string][]string{}
	for role, m := range v.w.members {
		for _, e := range past(m) {
			left, is := e.(etorrent.PeerLeftEvent)
			if !is {
				continue
			}
			f, source := v.fetchOver(role, left)
			if f == nil || left.At.Sub(v.w.begun) > f.ended {
				continue // it had done its work
			}
			lost[f.String()] = append(lost[f.String()], source)
			if !v.inScope(f, source) {
				v.Errorf("%v lost its connection with %s: %s", f, source, left.Reason)
			}
		}
	}
	return lost
}

// fetchOver is the fetch that a connection served, and its source.
func (v *verdict) fetchOver(role string, e etorrent.PeerLeftEvent) (*fetch, string) {
	other := ""
	for r, m := range v.w.members {
		if m.host.Addr() == e.Addr.Addr() {
			other = r
		}
	}
	for _, f := range v.w.fetches {
		if [20]byte(f.content.Metainfo.ID().V1) != e.InfoHash {
			continue
		}
		if f.role == role && slices.Contains(f.sources, other) {
			return f, other
		}
		if f.role == other && slices.Contains(f.sources, role) {
			return f, role
		}
	}
	return nil, ""
}

// inScope says whether the crash may end the connection of a fetch with a
// source.
func (v *verdict) inScope(f *fetch, source string) bool {
	if v.role != f.role && v.role != source {
		return false
	}
	if v.scope == scopeTransport {
		return true
	}
	if v.at.Kind != "conn" && v.torrentOf(v.at.Path) != f.content.Metainfo.ID().V1 {
		return false
	}
	switch v.scope {
	case scopeConnections, scopeTransport:
		return true
	case scopeOwn:
		remote := v.w.members[f.role].host.Addr()
		if v.role == f.role {
			remote = v.w.members[source].host.Addr()
		}
		return strings.Contains(v.at.Path, "/"+v.at.Kind+"["+remote.String()+":")
	case scopeNothing, scopeNewcomers, scopeUnwritten, scopeNotUnderstood:
	}
	return false
}

// torrentOf is the info-hash of the torrent that a path leads through.
func (v *verdict) torrentOf(path string) (hash [20]byte) {
	for _, e := range past(v.w.members[v.role]) {
		added, is := e.(etorrent.AddedEvent)
		if is && strings.Contains(path, "/torrent["+added.Torrent.String()+"]/") {
			return added.InfoHash
		}
	}
	return hash
}

// verifiedOnce fails for pieces that were verified twice: one that is in the
// file is not to be fetched again, and one that is on its way there only where
// the disk itself crashed.
func (v *verdict) verifiedOnce(f *fetch) {
	verified, written := map[int]int{}, map[int]bool{}
	for _, e := range past(v.w.members[f.role]) {
		p, is := e.(etorrent.PieceEvent)
		if !is || p.InfoHash != f.content.Metainfo.ID().V1 {
			continue
		}
		i := int(p.Index)
		if p.State == etorrent.PieceWritten {
			written[i] = true
		}
		if p.State != etorrent.PieceVerified {
			continue
		}
		if verified[i]++; verified[i] > 1 && (written[i] || !v.mayLoseUnwritten(f)) {
			v.Errorf("%v: piece %d was fetched again", f, i)
		}
	}
}

func (v *verdict) mayLoseUnwritten(f *fetch) bool {
	return v.scope == scopeUnwritten && v.role == f.role
}

// bytesOf fails where more came than was lost. Two sources send some blocks
// twice in any endgame: that says nothing.
func (v *verdict) bytesOf(f *fetch) {
	if len(f.sources) > 1 {
		return
	}
	most := int64(len(f.content.Bytes))
	if v.mayLoseUnwritten(f) {
		most += 2 * crashPiece
	}
	if f.bytes > most {
		v.Errorf("%v: %d bytes came of %d", f, f.bytes, len(f.content.Bytes))
	}
}

// progressOf fails where a fetch that the crash should not have touched was held
// up. One that lost a connection in scope must go on with the others, and one
// whose blocks were lost must fetch them again, without a pause.
func (v *verdict) progressOf(f *fetch, lost []string) {
	usual := v.norms[f.String()]
	left := slices.DeleteFunc(slices.Clone(f.sources), func(s string) bool { return slices.Contains(lost, s) })
	switch {
	case len(lost) > 0 && len(left) == 0:
	case len(lost) > 0 || v.mayLoseUnwritten(f):
		if f.pause > usual.pause+progressLost {
			v.Errorf("%v stood still for %v, usually %v", f, f.pause, usual.pause)
		}
	case f.ended > usual.ended+progressLost:
		v.Errorf("%v ended after %v, usually %v", f, f.ended, usual.ended)
	}
}
