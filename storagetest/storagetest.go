// Package storagetest proves that a storage keeps the promises of
// etorrent.Storage: run its suite from a test of your own implementation.
package storagetest

import (
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
)

// Subject is what one test runs on.
type Subject struct {
	Storage storage.Storage
	// Dir becomes storage.Spec.Dir. Nothing lies below it yet.
	Dir string
	// Outside reaches the files behind the storage's back. Tests that need it
	// are skipped where it is nil.
	Outside Outside
}

// Outside is what somebody else can do to the files of a storage. A name is a
// full path: Subject.Dir, a slash, and the path of a file in the spec.
type Outside interface {
	// Put makes or replaces a file, and the folders on the way.
	Put(name string, data []byte) error
	// Get returns a file's bytes, or an error that is fs.ErrNotExist.
	Get(name string) ([]byte, error)
	// Truncate sets a file's size.
	Truncate(name string, size int64) error
	// Remove takes a file away.
	Remove(name string) error
}

// Run runs the whole suite. It calls fresh for every test; what fresh returns
// shares nothing with what it returned before.
func Run(t *testing.T, fresh func(t *testing.T) Subject) {
	t.Helper()
	tests := []struct {
		name string
		run  func(t *testing.T, s Subject)
	}{
		{"a spec that does not add up is refused", refusesBadSpecs},
		{"opening makes nothing", openingMakesNothing},
		{"spans agree with a slice of bytes", spansAgreeWithModel},
		{"goroutines read and write side by side", concurrentSpans},
		{"a piece lies over many files", pieceOverManyFiles},
		{"names keep their spelling", keepsSpelling},
		{"bytes outlive a close", bytesOutliveClose},
		{"a closed store refuses", closedStoreRefuses},
		{"prepare makes what is absent", prepareMakesAbsent},
		{"prepare leaves what is there", prepareLeavesPresent},
		{"padding is zero and never stored", paddingIsVirtual},
		{"files of length 0 are made and synced", zeroLengthFiles},
		{"a file that is missing is told", missingFileIsTold},
		{"a file that ends early is told", truncatedFileIsTold},
		{"a file that somebody takes away is told", strayFileIsTold},
		{"a file that changes as a store changes it is well", ownChangesAreWell},
		{"a longer file is never shortened", longerFileStays},
		{"spans outside of the torrent are refused", outOfRange},
		{"sync answers a cancelled context", syncHeedsContext},
		{"recheck lets go on", recheckLetsGoOn},
		{"reading only changes nothing", readOnlyChangesNothing},
		{"what is called a hole reads as zero", holesReadAsZero},
		{"delete removes the named files only", deleteRemovesNamedOnly},
		{"links hold nothing", linksHoldNothing},
		{"links are made where the store can", linksAreMade},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) { test.run(t, fresh(t)) })
	}
}
