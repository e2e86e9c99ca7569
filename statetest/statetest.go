// Package statetest proves that a state keeps the promises of etorrent.State: run its
// suite from a test of your own implementation.
package statetest

import (
	"testing"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/store/storetest"
)

// Run runs the whole suite. It calls open for every test, which opens a state without
// rows; the test closes it.
func Run(t *testing.T, open func(t *testing.T) store.Driver) {
	t.Helper()
	storetest.Run(t, open)
}
