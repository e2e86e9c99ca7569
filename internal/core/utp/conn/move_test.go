package conn_test

import (
	"math/rand/v2"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// talking is an end that has heard of its remote, with so many packets of its own on their way.
func talking(t *testing.T, make func(testing.TB, conn.Config) *probe, flying int) *probe {
	t.Helper()
	p := make(t, config())
	p.mustBe(p.receive(p.data(0, 0, 100)), conn.Carries)
	p.flush()
	p.Append(flying * segment)
	p.flush()
	if sent := p.look(); flying > 0 {
		p.mustSend(sent[max(len(sent)-flying, 0):], "DDDDDDDDDD"[:flying])
	}
	p.now = p.now.Add(ms)
	return p
}

// What has the right numbers and a stamp of now claims, and nothing else does.
func TestAClaimKnowsTheNumbersAndTheClockOfTheRemote(t *testing.T) {
	const flying = 3
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			p := talking(t, end, flying)
			for what, row := range map[string]struct {
				change func(*utpwire.Packet)
				want   conn.Claim
			}{
				"data that comes next":              {func(*utpwire.Packet) {}, conn.Claims},
				"a State":                           {func(q *utpwire.Packet) { q.Kind = utpwire.State }, conn.Claims},
				"an end":                            {func(q *utpwire.Packet) { q.Kind = utpwire.Fin }, conn.Claims},
				"data of before, sent again":        {func(q *utpwire.Packet) { q.Seq = q.Seq.Previous() }, conn.Claims},
				"all is acknowledged":               {func(q *utpwire.Packet) { q.Ack = ours.Add(flying - 1) }, conn.Claims},
				"a sign of life":                    {func(q *utpwire.Packet) { q.Ack = q.Ack.Previous() }, conn.Claims},
				"what was not sent is acknowledged": {func(q *utpwire.Packet) { q.Ack = ours.Add(flying) }, conn.NoClaim},
				"what was long ago is acknowledged": {func(q *utpwire.Packet) { q.Ack = ours.Add(-6) }, conn.NoClaim},
				"a number far ahead":                {func(q *utpwire.Packet) { q.Seq = q.Seq.Add(4097) }, conn.NoClaim},
				"a number far behind":               {func(q *utpwire.Packet) { q.Seq = q.Seq.Add(-4097) }, conn.NoClaim},
				"another id":                        {func(q *utpwire.Packet) { q.ID++ }, conn.NoClaim},
				"a Reset":                           {func(q *utpwire.Packet) { q.Kind = utpwire.Reset }, conn.Leaves},
				"a Reset with any number":           {func(q *utpwire.Packet) { q.Kind, q.Seq = utpwire.Reset, q.Seq.Add(5000) }, conn.NoClaim},
				"a Syn":                             {func(q *utpwire.Packet) { q.Kind = utpwire.Syn }, conn.NoClaim},
				"no stamp":                          {func(q *utpwire.Packet) { q.Stamp = utpwire.NoStamp }, conn.NoClaim},
				"the stamp of the last":             {func(q *utpwire.Packet) { q.Stamp -= 1000 }, conn.Claims},
				"a stamp of just before":            {func(q *utpwire.Packet) { q.Stamp -= 5000 }, conn.Straggles},
				"a stamp of long before":            {func(q *utpwire.Packet) { q.Stamp -= 8_500_000 }, conn.NoClaim},
				"a stamp of another clock":          {func(q *utpwire.Packet) { q.Stamp += 9_000_000 }, conn.NoClaim},
			} {
				q := p.data(1, 0, 10)
				row.change(&q)
				if got := p.ViewClaim(p.now, &q, conn.Challenge{}); got != row.want {
					t.Errorf("%s: %v, want %v", what, got, row.want)
				}
			}
			if sent := p.look(); len(sent) > 0 || p.released > 0 {
				t.Errorf("claims had effects: %v", kinds(sent))
			}
		})
	}
}

// Of guesses at an idle connection by one who knows its id, no more are right than 27 bits say.
func TestAGuessIsRarelyRight(t *testing.T) {
	p := talking(t, accepted, 0)
	r, right := rand.New(rand.NewPCG(4, 4)), 0
	for range 1_000_000 {
		q := p.data(1, 0, 10)
		q.Seq, q.Ack, q.Stamp = serial.Number(r.Uint32()), serial.Number(r.Uint32()), utpwire.Stamp(r.Uint32())
		if p.ViewClaim(p.now, &q, conn.Challenge{}) != conn.NoClaim {
			right++
		}
	}
	if right > 2 {
		t.Errorf("of a million %d were right", right)
	}
}

// A challenge is answered by who gets it, and only that answer proves: the remote that was copied
// speaks where it was.
func TestAChallengeIsProvenByItsAnswerAlone(t *testing.T) {
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			p := talking(t, end, 2)
			first := p.data(1, 0, 10)
			h, asked := p.Challenge(p.now, &first)
			if h.Kind != utpwire.Data || h.Seq != ours.Previous() {
				t.Errorf("the challenge is %+v", h)
			}
			judge := func(what string, q utpwire.Packet, want conn.Claim) {
				t.Helper()
				if got := p.ViewClaim(p.now, &q, asked); got != want {
					t.Errorf("%s: %v, want %v", what, got, want)
				}
			}
			p.now = p.now.Add(50 * ms)
			early := p.data(2, 0, 10)
			early.Delay = early.Stamp.Since(asked.Sent - 5000) // what came to it last was sent before
			judge("data that left before the challenge came", early, conn.Claims)
			early.Delay = utpwire.NoDelay
			judge("data that tells of no stamp", early, conn.Claims)
			late := p.data(2, 0, 10)
			late.Delay = late.Stamp.Since(asked.Sent + 9_000_000)
			judge("an answer to what was not sent yet", late, conn.Claims)
			answer := p.ack(0)
			answer.Seq, answer.Delay = theirs.Add(1), (answer.Stamp - 100).Since(asked.Sent)
			judge("the answer", answer, conn.Proves)
			p.mustBe(p.receive(p.data(1, 0, 10)), conn.Carries)
			answer.Stamp, answer.Delay = answer.Stamp+10, answer.Delay+10
			judge("the answer, when the remote has spoken where it was", answer, conn.Contradicted)
		})
	}
}

// An end that has said and heard all is followed too: the other one may not know that it has.
func TestALingeringEndJudgesClaimsToo(t *testing.T) {
	p := talking(t, accepted, 0)
	p.Finish()
	p.flush()
	p.receive(p.remote(utpwire.Fin, 1, 1))
	p.flush()
	if p.Phase() != conn.Lingering {
		t.Fatalf("it is %v", p.Phase())
	}
	p.now = p.now.Add(time.Second)
	again := p.remote(utpwire.Fin, 1, 1)
	if got := p.ViewClaim(p.now, &again, conn.Challenge{}); got != conn.Claims {
		t.Errorf("its Fin again is %v", got)
	}
	p.Moved(conn.OtherWay)
	p.flush()
}

// The other end answers a challenge at once, whatever it had of ours.
func TestAChallengeIsAnsweredAtOnce(t *testing.T) {
	for name, end := range ends {
		for _, flying := range []int{0, 2} {
			p := talking(t, end, flying)
			peer := newProbe(t) // has what the remote has
			peer.Conn = conn.Accept(config(), shared(), conn.Opening{ID: ourID, Theirs: ours.Previous(), Ours: theirs}, peer.now)
			peer.receive(utpwire.Packet{Header: utpwire.Header{Kind: utpwire.State, ID: ourID, Stamp: 1, Window: 1 << 20, Seq: ours, Ack: theirs.Previous()}})
			peer.Append(100)
			peer.flush()
			peer.look()
			claim := p.data(1, 0, 10)
			h, _ := p.Challenge(p.now, &claim)
			h.ID = ourID
			if sent := peer.step(utpwire.Packet{Header: h}); kinds(sent) != "S" || sent[0].Delay != utpwire.StampAt(peer.now).Since(h.Stamp) {
				t.Errorf("%s, %d flying: it answered %q", name, flying, kinds(sent))
			}
		}
	}
}

// What flew to the old place is sent again at once, and is not taken for lost on the way.
func TestWhatFlewWhenARemoteMovedGoesAgain(t *testing.T) {
	p := talking(t, opened, 3)
	p.wait(10 * time.Second) // of timeouts
	p.look()
	was := p.Status()
	p.Moved(conn.SameWay)
	p.flush()
	p.mustSend(p.look(), "DDD")
	if s := p.Status(); s.Totals.Lost > was.Totals.Lost || s.Flying.Packets != 3 || s.Timeouts > 0 {
		t.Errorf("it was %+v, and is %+v", was, s)
	}
	p.Moved(conn.OtherWay)
	p.flush()
	p.mustSend(p.look(), "DDD")
}
