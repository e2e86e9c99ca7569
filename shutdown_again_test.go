package etorrent_test

import (
	"testing"
	"time"

	"github.com/etorrent/etorrent/etorrenttest"
)

// Who shuts a client down by a deferred call too waits for it once.
func TestAnotherShutdownTakesNoTime(t *testing.T) {
	inSwarm(t, func(t *testing.T, s *swarm) {
		m := s.join()
		etorrenttest.Shutdown(t, m.Client)
		before := time.Now()
		etorrenttest.Shutdown(t, m.Client)
		if took := time.Since(before); took != 0 {
			t.Errorf("it took %v of virtual time", took)
		}
	})
}
