package torrent

import (
	"testing"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

func TestMuchWaitsUnsentForAFastRemoteOnly(t *testing.T) {
	var u unsent
	for _, s := range []struct {
		perSecond float64
		bytes     int
	}{
		{0, pnet.UsualUnsent},
		{12 << 20, pnet.UsualUnsent},
		{99 << 20, pnet.UsualUnsent},
		{100 << 20, ampleBytes},
		{51 << 20, ampleBytes}, // it does not go to and fro
		{49 << 20, pnet.UsualUnsent},
		{99 << 20, pnet.UsualUnsent},
	} {
		if u = u.after(s.perSecond); u.bytes() != s.bytes {
			t.Errorf("at %.0f bytes a second %d may wait, want %d", s.perSecond, u.bytes(), s.bytes)
		}
	}
}
