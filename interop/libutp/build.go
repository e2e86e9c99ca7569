//go:build linux

package libutp

import (
	"os"
	"sync"
	"testing"

	"github.com/etorrent/etorrent/internal/testnet/libutp"
)

// Flavour is how libutp is compiled.
type Flavour = libutp.Flavour

// The flavours.
const (
	Robust  = libutp.Robust
	Asserts = libutp.Asserts
)

// building has one test compile at a time: the others find what it made, which is in
// built.
var (
	building sync.Mutex
	built    = map[Flavour]string{}
)

// Build returns the path of the peer's program, compiled if need be.
func Build(t testing.TB, f Flavour) string {
	t.Helper()
	building.Lock()
	defer building.Unlock()
	if program, is := built[f]; is {
		return program
	}
	program, err := libutp.Build(f)
	if err != nil && os.Getenv("CI") != "true" {
		t.Skipf("there is no libutp to test against: %v", err)
	}
	if err != nil {
		t.Fatal(err)
	}
	built[f] = program
	return program
}
