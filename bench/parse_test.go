//go:build linux

package main

import "testing"

func TestSyncsOfAllKindsAreCounted(t *testing.T) {
	const table = `% time     seconds  usecs/call     calls    errors syscall
------ ----------- ----------- --------- --------- ----------------
 99.00    1.200000        1200        17         1 fdatasync
  0.90    0.010000         100         3           fsync
  0.10    0.000000          10      4000           sync_file_range
------ ----------- ----------- --------- --------- ----------------
100.00    1.210000                  4020         1 total
`
	if n, err := parseCalls(table); err != nil || n != 20 {
		t.Errorf("%d, %v", n, err)
	}
	if n, err := parseCalls(""); err != nil || n != 0 {
		t.Errorf("%d of an empty table, %v", n, err)
	}
}

func TestSocketMemoryIsInPages(t *testing.T) {
	n, err := parseSockstat("sockets: used 17\nTCP: inuse 3 orphan 2 tw 17 alloc 5 mem 260\nUDP: inuse 0 mem 9\n")
	if err != nil || n != 260*4096 {
		t.Errorf("%d, %v", n, err)
	}
	if _, err := parseSockstat("UDP: inuse 0 mem 9\n"); err == nil {
		t.Error("found what is not there")
	}
}

// piece and progress are lines of --events.
func piece(state string) eventLine { return eventLine{Event: "piece", State: state} }

func progress(mallocs uint64) eventLine { return eventLine{Event: "progress", Mallocs: mallocs} }

func TestAllocationsAreThoseOfTheMiddleHalf(t *testing.T) {
	v := piece("verified")
	told := []eventLine{progress(5), v, progress(1000), v, piece("written"), progress(2000), v, v, progress(2200), v, v, progress(2400), v, progress(9000), v}
	got, err := middleMallocs(told, 8, 10)
	if err != nil || got != 10 {
		t.Errorf("got %v, %v", got, err)
	}
}

func TestTooFewReadingsInTheMiddleHalfAreAnError(t *testing.T) {
	v := piece("verified")
	for _, told := range [][]eventLine{nil, {v, v, progress(1), v, v}, {v, v, progress(1), progress(2), v, v}} {
		if got, err := middleMallocs(told, 4, 1); err == nil {
			t.Errorf("%v gave %v", told, got)
		}
	}
}
