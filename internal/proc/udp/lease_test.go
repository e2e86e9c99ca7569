package udp

import (
	"testing"
	"time"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
	"github.com/etorrent/etorrent/internal/proc/utp"
	"github.com/etorrent/etorrent/internal/vocab/utpwire"
)

// shelf lends what lies on it.
type shelf []pnet.Reading

func (s *shelf) Lend() (pnet.Reading, error) { return s.More(0) }

func (s *shelf) More(time.Duration) (pnet.Reading, error) {
	next := (*s)[0]
	*s = (*s)[1:]
	return next, nil
}

// Who reads on has what is uTP; when something else is among it the reader has to come first.
func TestWhoReadsOnLeavesWhatIsNotUTPToTheReader(t *testing.T) {
	h := utpwire.Header{Kind: utpwire.State}
	ours, theirs := pnet.Datagram{Payload: h.Append(nil, nil)}, pnet.Datagram{Payload: []byte("d1:y1:qe")}
	l := &lease{lender: &shelf{{Datagrams: []pnet.Datagram{ours, ours}}, {Datagrams: []pnet.Datagram{theirs, ours}}}}
	if came, state := l.More(0); len(came.Datagrams) != 2 || state != utp.SourceOpen {
		t.Errorf("of two of uTP %d came, %v", len(came.Datagrams), state)
	}
	if came, state := l.More(0); len(came.Datagrams) != 1 || state != utp.SourceSpent || len(l.others) != 1 || l.ours != 3 {
		t.Errorf("%d came, %v; %d are others', %d were ours", len(came.Datagrams), state, len(l.others), l.ours)
	}
}
