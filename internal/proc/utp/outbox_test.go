package utp

import (
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/core/utp/conn"
	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

func TestWhatIsSentAgainAndWhatSoundsThePathLeaveAlone(t *testing.T) {
	b, c := &outbox{}, &cell{user: &Conn{}}
	for range 2 { // the second time where others were
		b.n = 0
		var got []pnet.Company
		for _, o := range []conn.Outgoing{{}, {Times: 1}, {Times: 2}, {Times: 1, Padding: 8}, {Times: 1}} {
			b.add(c, o)
			got = append(got, b.datagrams[b.n-1].Company)
		}
		if want := []pnet.Company{pnet.MayShare, pnet.MayShare, pnet.Alone, pnet.Alone, pnet.MayShare}; !slices.Equal(got, want) {
			t.Errorf("%v, want %v", got, want)
		}
		b.datagrams[0], b.datagrams[3] = b.datagrams[3], b.datagrams[0]
	}
}
