//go:build linux

package relay

import (
	"context"
	"errors"
	"fmt"
	"math"
	"net/netip"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// leaving is a connection that one end leaves while the other has it still. Who left is
// there, and answers what comes for a connection that is no more by Resets.
type leaving struct {
	in             occasion
	leaver, stayer party
	who            string
	sends          int64         // of who stays
	lost           int           // Resets that are lost, the first ones
	told           string        // to who stays: a regular expression
	within         time.Duration // of the end of who left, by clock
}

// leavingOf is one where who leaves is who dials, there, or who listens.
type leavingOf struct {
	leaving
	leaves direction
	host   netip.Addr
}

const (
	leftAfter  = 100_000 // bytes that have come
	endless    = 64 << 20
	everyReset = math.MaxInt
)

// run returns what who stays was told, and how long after the other left. The error is what
// was not as it should be.
func (l leavingOf) run(ctx context.Context) (stayed ended, after time.Duration, err error) {
	ctx, cancel := context.WithTimeout(ctx, silentFor)
	defer cancel()
	dials, listens := l.leaver, l.stayer
	dialJob, listenJob := job{send: 1, want: untilEnd, leaves: leftAfter}, job{send: l.sends, want: untilEnd}
	loses := Path{Swallowed: nth(utpwire.Reset, l.lost)}
	cfg := RelayConfig{There: loses}
	if l.leaves == back {
		dials, listens = listens, dials
		dialJob, listenJob = listenJob, dialJob
		cfg = RelayConfig{Back: loses}
	}
	at, listenerEnds, err := listens.listen(ctx, l.host, listenJob)
	if err != nil {
		return stayed, 0, err
	}
	cfg.To = at
	relay, err := StartRelay(cfg)
	if err != nil {
		return stayed, 0, err
	}
	defer relay.Close()
	diallerEnds, err := dials.dial(ctx, relay.At(), dialJob)
	if err != nil {
		return stayed, 0, err
	}
	leaverEnds, stayerEnds := diallerEnds, listenerEnds
	if l.leaves == back {
		leaverEnds, stayerEnds = stayerEnds, leaverEnds
	}
	stays := later(stayerEnds)
	left := <-later(leaverEnds)
	stayed = <-stays
	toListener, toDialler := relay.Counted()
	swallowed := toListener.Swallowed + toDialler.Swallowed
	return stayed, stayed.at - left.at, errors.Join(
		left.hasLeft(), stayed.endedBy("who stays", l.told, left.at, l.within), l.hasLost(swallowed))
}

// hasLeft is why an end did not leave when it was to.
func (o outcome) hasLeft() error {
	if o.received < leftAfter || o.fault != "" {
		return fmt.Errorf("who leaves tells %+v", o)
	}
	return nil
}

// hasLost is why not all Resets were lost that were to be.
func (l leaving) hasLost(swallowed int) error {
	if swallowed == 0 || l.lost != everyReset && swallowed != l.lost {
		return fmt.Errorf("%d Resets are lost", swallowed)
	}
	return nil
}

func (l leavingOf) name() string {
	who := map[direction]string{there: "who dialled", back: "who listened"}
	return fmt.Sprintf("%s, %s, %s", l.who, who[l.leaves], family(l.host))
}

// leavings are those that are wanted.
func leavings(kinds ...leaving) (out []leavingOf) {
	for _, l := range kinds {
		for _, host := range families {
			for _, leaves := range []direction{there, back} {
				if of := (leavingOf{l, leaves, host}); isWanted(l.in, of.name()) {
					out = append(out, of)
				}
			}
		}
	}
	return out
}

// A Reset is sent once, and may be lost. Who has something to send is told by the answer
// to its next packet: at once, since it has packets on their way, or at their timeout. Who
// has nothing to send is told by the answer to its next sign of life, within half a minute.
// Where no Reset arrives at all both give up, we after six timeouts and thirty seconds,
// libutp after five timeouts, 31 s in which they double.
func TestWhoIsLeftIsToldThoughResetsAreLost(t *testing.T) {
	t.Parallel()
	peer, us := theirs(t), library{}
	cases := leavings(
		leaving{always, us, peer, "ours leaves libutp, which sends, and a Reset is lost", endless, 1, byReset, soon},
		leaving{always, peer, us, "libutp leaves ours, which sends, and a Reset is lost", endless, 1, byReset, soon},
		leaving{always, us, us, "ours leaves ours, which sends, and a Reset is lost", endless, 1, byReset, soon},
		leaving{onAsked, us, peer, "ours leaves libutp, which is idle, and a Reset is lost", leftAfter, 1, byReset, alive},
		leaving{onAsked, us, us, "ours leaves ours, which is idle, and a Reset is lost", leftAfter, 1, byReset, alive},
		leaving{onAsked, us, peer, "ours leaves libutp, which sends, and all Resets are lost", endless, everyReset, bySilence, given},
		leaving{onAsked, peer, us, "libutp leaves ours, which sends, and all Resets are lost", endless, everyReset, bySilence, given},
		leaving{onAsked, us, us, "ours leaves ours, which sends, and all Resets are lost", endless, everyReset, bySilence, given},
	)
	type result struct {
		stayed ended
		after  time.Duration
		err    error
	}
	results := atOnce(len(cases), cases, func(l leavingOf) (r result) {
		r.stayed, r.after, r.err = l.run(t.Context())
		return r
	})
	for i, l := range cases {
		t.Run(l.name(), func(t *testing.T) {
			r := results[i]
			t.Logf("who stays was told %q after %v", r.stayed.fault, r.after)
			if r.err != nil {
				t.Error(r.err)
			}
		})
	}
}
