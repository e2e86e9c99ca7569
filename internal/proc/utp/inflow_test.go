package utp

import (
	"bytes"
	"math/rand/v2"
	"testing"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// arrivals fills messages as a system does, and has an inflow take their payloads.
type arrivals struct {
	r    *rand.Rand
	in   inflow
	from pnet.MessagePool
	pool chunks
}

// message has one come that carries packets of one size, or of several, of which the last may
// be shorter and some may be no payload of the stream. It returns what is.
func (a *arrivals) message() []byte {
	m := a.from.Get()
	defer a.from.Renew(m)
	var all []byte
	head, size := 20+a.r.IntN(3)*10, 1+a.r.IntN(1400)
	rest := m.Bytes()[:1+a.r.IntN(20*(head+size))]
	copy(rest, randomBytes(a.r, len(rest)))
	for len(rest) > head {
		if a.r.IntN(16) == 0 {
			head = 20 + a.r.IntN(3)*10 // another extension comes
		}
		n := min(head+size, len(rest))
		if b := rest[head:max(head, n)]; len(b) > 0 && a.r.IntN(16) > 0 {
			a.in.write(b, m, &a.pool)
			all = append(all, b...)
		}
		rest = rest[n:]
	}
	return all
}

// Whatever comes how, is shown, read and given back when, what is read is what came, and nothing
// is held in the end.
func TestAnInflowIsReadAsItCame(t *testing.T) {
	for seed := range runs() {
		a := arrivals{r: rand.New(rand.NewPCG(seed, 0))}
		var fresh, ready []byte
		read := func(n int) {
			got := make([]byte, n)
			n = a.in.read(got, &a.pool)
			if want := min(len(got), len(ready)); n != want || !bytes.Equal(got[:n], ready[:want]) {
				t.Fatalf("run %d: %d bytes were read of %d, or others", seed, n, len(ready))
			}
			ready = ready[n:]
		}
		show := func() {
			a.in.show()
			ready, fresh = append(ready, fresh...), nil
		}
		for range 200 {
			switch a.r.IntN(5) {
			case 0:
				b := randomBytes(a.r, lengths[a.r.IntN(len(lengths))])
				a.in.write(b, nil, &a.pool)
				fresh = append(fresh, b...)
			case 1:
				fresh = append(fresh, a.message()...)
			case 2:
				show()
			case 3:
				read(lengths[a.r.IntN(len(lengths))])
			case 4:
				a.in.rest(&a.pool)
				if len(fresh)+len(ready) == 0 && (a.in.seen.first != nil || a.in.made.last != nil) {
					t.Fatalf("run %d: it holds memory for nothing", seed)
				}
			}
		}
		if seed%2 == 0 {
			show()
			read(len(ready))
			a.in.rest(&a.pool)
		} else {
			a.in.drop(&a.pool)
		}
		if a.pool.lent != 0 || a.from.Kept() != 0 {
			t.Fatalf("run %d: %d chunks and %d messages are held", seed, a.pool.lent, a.from.Kept())
		}
	}
}

// Packets of one size that came as one message are one stretch of it, and not copied. It is given
// up as soon as it was read.
func TestWhatCameAsOneMessageStaysInIt(t *testing.T) {
	a := arrivals{}
	m := a.from.Get()
	for i := range 40 {
		at := i*1402 + 20
		a.in.write(m.Bytes()[at:at+1382], m, &a.pool)
	}
	a.in.show()
	if first := a.in.seen.first; first.next != nil || first.chunk != nil || first.shown != 40*1382 {
		t.Errorf("it is %d bytes of more", first.shown)
	}
	a.from.Renew(m)
	got := make([]byte, 40*1382)
	if a.in.read(got[1:], &a.pool); a.from.Kept() != 1 {
		t.Errorf("%d messages are kept though a byte was not read", a.from.Kept())
	}
	if a.in.read(got[:1], &a.pool); a.from.Kept() != 0 {
		t.Errorf("%d messages are kept though all was read", a.from.Kept())
	}
}

// Where too much is kept what comes is copied.
func TestWhatMayNotBeKeptIsCopied(t *testing.T) {
	a := arrivals{r: rand.New(rand.NewPCG(1, 0))}
	for used := a.from.Get(); used.Keep(); {
		used = a.from.Renew(used)
	}
	want := a.message()
	a.in.show()
	got := make([]byte, len(want))
	if a.in.seen.first.chunk == nil || a.in.read(got, &a.pool) != len(got) || !bytes.Equal(got, want) {
		t.Error("it is not copied, or something else is")
	}
}
