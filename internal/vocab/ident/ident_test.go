package ident_test

import (
	"math"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/ident"
)

func TestATorrentIDIsWrittenInDecimal(t *testing.T) {
	for id, want := range map[ident.TorrentID]string{
		0: "0", 7: "7", -1: "-1", math.MaxInt64: "9223372036854775807",
	} {
		if got := id.String(); got != want {
			t.Errorf("%d: got %s", int64(id), got)
		}
	}
}
