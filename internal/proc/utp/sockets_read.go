package utp

import (
	"errors"
	"net"
	"time"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// read hands over what comes until the socket is closed. Errors end nothing: connections
// that they keep from their remotes time out.
func (s *Sockets) read(k *socket) error {
	for faults := 0; ; {
		came, err := k.lender.Lend()
		switch {
		case errors.Is(err, net.ErrClosed):
			return nil
		case len(came.Datagrams) > 0 || err == nil || pnet.ViewPacketFault(err) == pnet.OfEarlier:
			faults = 0
		default:
			faults++
		}
		if faults == faultsInARow {
			faults = 0
			k.rest()
		}
		if len(came.Datagrams) > 0 && s.lend(k, Batch{At: s.clock.Now(), Reading: came, Back: k.again, Source: k, Doze: &k.doze}) == abandoned {
			return nil
		}
	}
}

// More reads on. After an error the reader reads again, and sees what becomes of it.
func (k *socket) More(nap time.Duration) (pnet.Reading, SourceState) {
	came, err := k.lender.More(nap)
	if err != nil {
		return came, SourceSpent
	}
	return came, SourceOpen
}

// rest waits for a moment, or until the socket is closed.
func (k *socket) rest() {
	t := time.NewTimer(faultsRest)
	defer t.Stop()
	select {
	case <-t.C:
	case <-k.gone:
	}
}

// lending says whether a socket is there still.
type lending uint8

const (
	returned lending = iota
	abandoned
)

// lend hands a batch to the process, until it is returned.
func (s *Sockets) lend(k *socket, b Batch) lending {
	select {
	case s.incoming <- b:
	case <-k.gone:
		return abandoned
	}
	select {
	case <-k.again:
		return returned
	case <-k.gone:
		return abandoned
	}
}

// Incoming is what the readers read.
func (s *Sockets) Incoming() <-chan Batch { return s.incoming }

// Return has the reader read again.
func (s *Sockets) Return(b Batch) { b.Back <- struct{}{} }
