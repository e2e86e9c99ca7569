package net_test

import (
	"testing"

	pnet "github.com/etorrent/etorrent/internal/proc/net"
)

func TestTheLenderGoesOnWithAMessageThatNobodyKeeps(t *testing.T) {
	pool := &pnet.MessagePool{}
	m := pool.Get()
	if got := pool.Renew(m); got != m || pool.Kept() != 0 {
		t.Errorf("another one, %d are kept", pool.Kept())
	}
	for range 2 {
		if !m.Keep() {
			t.Fatal("it may not be kept")
		}
	}
	m.Release()
	if other := pool.Renew(m); other == m || pool.Kept() != 1 {
		t.Errorf("it is read into though it is kept; %d are", pool.Kept())
	}
	m.Release()
	if pool.Kept() != 0 || pool.Get() != m {
		t.Errorf("%d are kept, and it is not used again", pool.Kept())
	}
}

// What a burst took is given back when less was enough for long.
func TestMessagesThatNobodyNeedsAreGivenBack(t *testing.T) {
	pool := &pnet.MessagePool{}
	burst := make([]*pnet.Message, 10)
	for i := range burst {
		burst[i] = pool.Get()
		burst[i].Keep()
	}
	for i := range burst {
		pool.Renew(burst[i])
	}
	for _, m := range burst {
		m.Release()
	}
	used := pool.Get()
	for range 3000 {
		used = pool.Renew(used)
	}
	if n := pool.Free(); n != 0 {
		t.Errorf("%d lie there", n)
	}
}
