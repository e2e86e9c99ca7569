package utp

import (
	"net/netip"
	"testing"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// However little may wait unsent, as where there are many connections, who waits writes on
// when it was sent.
func TestAStreamIsWritableAgainHoweverLittleMayWaitUnsent(t *testing.T) {
	for _, most := range []int{unsentLeast, unsentMost / 8, unsentMost} {
		m := New(Config{})
		m.chunks.allow(most)
		c := newConn(m, netip.AddrPort{}, netip.AddrPort{})
		n, state, err := c.Stream().TryWrite([][]byte{make([]byte, 2*unsentMost)})
		if n != most || state != pnet.WriteBlocked || err != nil {
			t.Errorf("%d bytes may wait: %d are taken, %v, %v", most, n, state, err)
		}
		if r, err := c.viewWrite(); r != waits || err != nil {
			t.Errorf("%d bytes wait: %v, %v", most, r, err)
		}
		c.out.told.sent = c.out.told.appended
		if r, err := c.viewWrite(); r != ready || err != nil {
			t.Errorf("%d bytes were sent: %v, %v", most, r, err)
		}
	}
}
