package main

import (
	"errors"
	"testing"
	"time"

	"github.com/etorrent/etorrent"
)

// A torrent stalls while bytes could come and do not: not while its files are opened or
// checked, but where they cannot be opened.
func TestOnlyWhereBytesCouldComeATorrentStalls(t *testing.T) {
	begin := time.Unix(1000, 0)
	for name, x := range map[string]struct {
		phase etorrent.Phase
		err   error
		late  bool
	}{
		"opening":          {etorrent.Opening, nil, false},
		"cannot be opened": {etorrent.Opening, errors.New("x"), true},
		"checking":         {etorrent.Checking, nil, false},
		"fetching":         {etorrent.Fetching, nil, true},
	} {
		of := tracked{gainedAt: begin}
		of.stats.Phase, of.stats.Err = x.phase, x.err
		of.gain(begin.Add(time.Hour))
		if late := of.gainedAt.Equal(begin); late != x.late {
			t.Errorf("%s: nothing was noted to come: %t", name, late)
		}
	}
}
