package store_test

import (
	"testing"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/store/storetest"
)

func TestMemoryConforms(t *testing.T) {
	storetest.Run(t, func(*testing.T) store.Driver { return store.NewMemory() })
}
