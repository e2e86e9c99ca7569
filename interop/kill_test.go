//go:build linux

package interop

import (
	"net/netip"
	"testing"
	"time"
)

const (
	killRate  = 4 << 20 // bytes per second of the seeder
	killPiece = 256 << 10
	// usualKills is how often it is killed when nothing is given: make interop-full has more.
	usualKills = 20
	// killLoss is what one kill may cost: the payload of 1.5 s, and two pieces of
	// the one peer that unchokes us.
	killLoss = killRate*3/2 + 2*killPiece
)

// The program is killed at random moments all through one download. What it
// said was durable is claimed by the next run, what is claimed is right, and
// nothing that is claimed is read again to check it, or fetched again.
func TestAKilledDownloadLosesLittleAndClaimsOnlyWhatIsRight(t *testing.T) {
	t.Parallel()
	r := random(t)
	kills := fromEnv(t, "ETORRENT_KILLS", usualKills)
	part := int64(kills) * killRate / 2 // all together are more than comes meanwhile
	m := volumes("killed", part, 1, part/2, 0, part-1).material(t, killPiece, madeByUs)
	l := runLibtorrent(t, m.torrent, m.parent, roleSeed)
	l.limit(t, killRate, unchanged)
	x := &killing{
		material: m, from: l.listens(t), to: folder(t, "copy"), state: folder(t, "state"),
		ledger: newLedger(t, m),
	}
	done := 0
	for ; done < kills; done++ {
		pause := time.Duration(100+r.IntN(1700)) * time.Millisecond
		if x.runAndKill(t, pause) == endedBefore {
			break
		}
	}
	if done < kills {
		t.Errorf("the download ended after %d kills of %d", done, kills)
	}
	l.limit(t, 0, unchanged)
	g := get(t, m.torrent, x.to, x.state, x.from)
	x.ledger.restarted(t, g, x.to)
	g.mustExit(t, 0)
	x.ledger.fetched += endOf(t, g).Torrents[0].Downloaded
	mustBeEqual(t, m.parent, x.to)
	x.judge(t, l, int64(done))
}

// killing is a download that is killed again and again.
type killing struct {
	material
	from      netip.AddrPort
	to, state string
	ledger    *ledger
}

// howEnded says whether a run was killed or had ended by itself.
type howEnded uint8

const (
	wasKilled howEnded = iota
	endedBefore
)

// runAndKill runs the program for a while and kills it. The moment is random,
// so it may be before the program has told of anything.
func (x *killing) runAndKill(t *testing.T, pause time.Duration) howEnded {
	t.Helper()
	g := get(t, x.torrent, x.to, x.state, x.from)
	end := howEnded(wasKilled)
	select {
	case <-g.ended:
		end = endedBefore
	case <-time.After(pause):
	}
	g.kill()
	x.ledger.killed(t, g, x.to)
	return end
}

// judge compares what went over the wire with what it may have cost.
func (x *killing) judge(t *testing.T, l libtorrent, kills int64) {
	t.Helper()
	sent := l.stop(t).Uploaded
	bound := x.size + kills*killLoss
	t.Logf("%d kills: %d pieces claimed before them, the seeder sent %d bytes of %d (%d a kill lost, %d allowed)",
		kills, len(x.ledger.claimed), sent, x.size, (sent-x.size)/max(kills, 1), int64(killLoss))
	t.Logf("%d pieces were checked again, none of them claimed", x.ledger.checked)
	if sent > bound {
		t.Errorf("the seeder sent %d bytes, at most %d allowed", sent, bound)
	}
	if x.ledger.fetched > bound {
		t.Errorf("we fetched %d bytes, at most %d allowed", x.ledger.fetched, bound)
	}
	l.mustBeContent(t)
}
