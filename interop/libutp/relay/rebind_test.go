//go:build linux

package relay

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"regexp"
	"testing"
	"time"
)

// What an end tells of a connection that did not end in order, and how soon, by clock.
const (
	byReset   = "UTP_ECONNRESET|connection reset"
	bySilence = "UTP_ETIMEDOUT|fell silent"

	soon  = 15 * time.Second // who has something to send and is told: no silence is given up before 30 s
	alive = 50 * time.Second // who is told when it says that it is there, as both do each half a minute
	given = 2 * time.Minute  // who is not told: 63 of our first timeouts, which are half a second on a quiet machine
)

// silentFor is how long a connection is waited for of which an end is told nothing.
const silentFor = 3 * time.Minute

// rebinding is a connection whose dialler gets another port of a NAT in the midst.
type rebinding struct {
	in   occasion // when the listener's end is waited for
	who  pairing
	host netip.Addr
}

// endedBy is why a connection was not ended by what was to end it, so soon.
func (e ended) endedBy(who, what string, since, within time.Duration) error {
	if !regexp.MustCompile(what).MatchString(e.fault) {
		return fmt.Errorf("%s tells %+v", who, e.outcome)
	}
	if after := e.at - since; after > within {
		return fmt.Errorf("%s is told %q only after %v", who, e.fault, after)
	}
	return nil
}

// run has the NAT change the port in the midst of an echo, and then has another connection
// over it, of ours from the same socket. It returns what the ends of the first told.
func (r rebinding) run(ctx context.Context) (dialler, listener ended, err error) {
	ctx, cancel := context.WithTimeout(ctx, silentFor)
	defer cancel()
	dials := r.who.dials
	if _, is := dials.(library); is {
		s, err := quiet(ctx, r.host)
		if err != nil {
			return dialler, listener, err
		}
		defer func() { _ = s.Close() }()
		dials = library{s}
	}
	at, ends, err := r.who.listens.listen(ctx, r.host, job{want: untilEnd, echo: true, times: 2})
	if err != nil {
		return dialler, listener, err
	}
	relay, err := StartRelay(RelayConfig{To: at, RebindAfter: 500})
	if err != nil {
		return dialler, listener, err
	}
	defer relay.Close()
	begun, heard, size := clock(), later(ends), r.size()
	end, err := dials.dial(ctx, relay.At(), job{send: size, want: size})
	if err != nil {
		return dialler, listener, err
	}
	dialler = <-later(end)
	if _, follows := r.who.listens.(library); follows {
		listener = <-heard
		return dialler, listener, errors.Join(dialler.whole("who dials", size), listener.whole("who listens", size), talkAgain(ctx, dials, relay.At(), ends))
	}
	errs := []error{dialler.endedBy("who dials", byReset, begun, soon), talkAgain(ctx, dials, relay.At(), ends)}
	if isWanted(r.in, r.name()) {
		listener = <-heard
		errs = append(errs, listener.endedBy("who listens", bySilence, begun, given))
	}
	return dialler, listener, errors.Join(errs...)
}

// talkAgain has a second connection to who listens, and is why it did not end in order.
func talkAgain(ctx context.Context, dials party, at netip.AddrPort, ends func() outcome) error {
	const size = 1383
	heard := later(ends)
	end, err := dials.dial(ctx, at, job{send: size, want: size})
	if err != nil {
		return err
	}
	dialled := end()
	return errors.Join(dialled.whole("who dials again", size), (<-heard).whole("who listens again", size))
}

// size is that of the stream: of one that goes on, all of it is waited for.
func (r rebinding) size() int64 {
	if _, follows := r.who.listens.(library); follows {
		return 4 << 20
	}
	return endless
}

func (r rebinding) name() string { return r.who.name + ", " + family(r.host) }

// A NAT that gives a client another port in the midst ends its connection to libutp, which
// knows nobody there and answers by a Reset, which the client believes. Nobody waits for a
// timeout, and the next connection over the same NAT is as any. libutp has things to send to
// a port that is no more, and gives up as with anybody who is silent: after half a minute or
// a bit more. Ours follows who it talks with to the new port, and the streams come whole.
func TestANewPortOfANATEndsAConnectionToLibutpAtOnceAndNoneToOurs(t *testing.T) {
	t.Parallel()
	var cases []rebinding
	for _, who := range append(withOurs("libutp", theirs(t)), pairing{"ours dials ours", library{}, library{}}) {
		for _, host := range families {
			cases = append(cases, rebinding{onAsked, who, host})
		}
	}
	type result struct {
		dialler, listener ended
		err               error
	}
	results := atOnce(len(cases), cases, func(r rebinding) (what result) {
		what.dialler, what.listener, what.err = r.run(t.Context())
		return what
	})
	for i, r := range cases {
		t.Run(r.name(), func(t *testing.T) {
			what := results[i]
			t.Logf("who dials was told %q, who listens %q", what.dialler.fault, what.listener.fault)
			if what.err != nil {
				t.Error(what.err)
			}
		})
	}
}
