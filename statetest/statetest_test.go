package statetest_test

import (
	"testing"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/statetest"
)

func TestTheStateInMemoryKeepsThePromises(t *testing.T) {
	statetest.Run(t, func(*testing.T) etorrent.State { return etorrent.NewMemoryState() })
}
