package net_test

import (
	"testing"
	"time"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

// What much traffic made is given back when nothing comes for long, and made anew.
func TestALenderThatWaitsForLongGivesItsMemoryBack(t *testing.T) {
	from, p := open(t, nil, pnet.V4, "127.0.0.1:0"), open(t, nil, pnet.V4, "127.0.0.1:0")
	pnet.RestAfter(p, time.Millisecond)
	lender := pnet.NewLender(p, 2000)
	send := func(n int) {
		if _, _, err := from.Write(numbered(n, p.LocalAddr())); err != nil {
			t.Error(err)
		}
	}
	takes := func(n int) (held int) {
		for got := 0; got < n; {
			reading, err := lender.Lend()
			if err != nil {
				t.Error(err)
				break
			}
			got += len(reading.Datagrams)
		}
		return pnet.Held(lender)
	}
	most := 0
	for _, n := range []int{1, 40, 40} {
		send(n)
		most = takes(n)
	}
	for waits := 10 * time.Millisecond; ; waits *= 2 {
		held := make(chan int)
		go func() { held <- takes(1) }()
		time.Sleep(waits)
		send(1)
		if got := <-held; got < most/4 {
			return
		}
		if waits > 10*time.Second {
			t.Fatalf("%d bytes were held, and %v later too", most, waits)
		}
	}
}
