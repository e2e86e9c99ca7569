package send_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/core/utp/send"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/serial"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

const ms = time.Millisecond

// line is a flight whose numbers wrap at its fifth packet, on a path of 100 ms.
// Packets are numbered from 0, in acknowledgements too.
type line struct {
	testing.TB
	*send.Flight
	now mono.Instant
}

const firstSeq serial.Number = 65532

func newLine(t testing.TB) *line {
	return &line{t, send.New(send.Config{First: firstSeq, Most: 1000, Behind: 3}), 1}
}

// warm returns one that has measured its path.
func warm(t testing.TB) *line {
	l := newLine(t)
	l.send(1)
	l.wait(100 * ms)
	l.ack(0)
	return l
}

func (l *line) wait(d time.Duration) { l.now = l.now.Add(d) }

func (l *line) send(packets int) {
	for range packets {
		l.Send(l.now, utpwire.Data, 1000)
	}
}

// resend sends all again that is lost.
func (l *line) resend() {
	for l.Lost().Packets > 0 {
		l.Resent(l.now, l.FirstLost().Seq)
	}
}

// ack acknowledges all up to a packet, and those beyond it that are named, with a
// mask of eight bytes or more.
func (l *line) ack(last int, beyond ...int) send.Acknowledged {
	l.Helper()
	var mask utpwire.SelectiveAck
	for _, n := range beyond {
		for len(mask)*8 <= n-last-utpwire.MaskOffset {
			mask = mask.AppendWord(0)
		}
		mask[(n-last-utpwire.MaskOffset)/8] |= 1 << ((n - last - utpwire.MaskOffset) % 8)
	}
	return l.take(last, mask, utpwire.State)
}

func (l *line) take(last int, mask utpwire.SelectiveAck, kind utpwire.Kind) send.Acknowledged {
	l.Helper()
	out := l.Acknowledge(l.now, &utpwire.Packet{Header: utpwire.Header{Kind: kind, Ack: firstSeq.Add(last)}, Mask: mask})
	if err := l.Audit(); err != nil {
		l.Fatal(err)
	}
	return out
}

func (l *line) mustLose(got send.Losses, packets int, began send.EpisodeKind) {
	l.Helper()
	if want := (send.Losses{Tally: send.Tally{Packets: packets, Bytes: packets * 1000}, Began: began}); got != want {
		l.Fatalf("lost %+v, want %+v", got, want)
	}
}

// expire goes to the deadline, which is the given time away.
func (l *line) expire(away time.Duration, want send.ExpiredKind) send.Expired {
	l.Helper()
	if at := l.Deadline(); at.Sub(l.now) != away {
		l.Fatalf("the deadline is %v away, want %v", at.Sub(l.now), away)
	}
	l.wait(away)
	out := l.Expire(l.now)
	if out.Kind != want {
		l.Fatalf("due is %d, want %d", out.Kind, want)
	}
	if err := l.Audit(); err != nil {
		l.Fatal(err)
	}
	return out
}
