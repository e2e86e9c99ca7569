//go:build linux

package interop

import (
	"math/rand/v2"
	"os"
	"strconv"
	"testing"
	"time"
)

// random returns what a test draws from. Its run number is printed, and given
// back by ETORRENT_RUN it draws the same again.
func random(t *testing.T) *rand.Rand {
	t.Helper()
	number := uint64(time.Now().UnixNano()) % 1_000_000
	if given := fromEnv(t, "ETORRENT_RUN", -1); given >= 0 {
		number = uint64(given)
	}
	t.Logf("run number %d (ETORRENT_RUN)", number)
	return rand.New(rand.NewPCG(number, 0))
}

// fromEnv is a number of the environment.
func fromEnv(t *testing.T, name string, otherwise int) int {
	t.Helper()
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return n
}
