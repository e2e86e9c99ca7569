//go:build linux

package main

import (
	"bytes"
	"io"
	"net"
	"os"
	"path/filepath"
	"testing"
)

func pattern(n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i * 7 >> 3)
	}
	return b
}

func TestARunSurvivesItsFrames(t *testing.T) {
	for _, n := range []int{1, blockSize - 1, blockSize, blockSize + 1, runSize} {
		run, headers := pattern(n), make([]byte, batch*headerSize)
		frames := bytes.Join(gatherRun(nil, headers, run, 3), nil)
		got, err := copyBlocks(nil, frames)
		if err != nil || !bytes.Equal(got, run) {
			t.Errorf("a run of %d bytes came back as %d bytes, %v", n, len(got), err)
		}
	}
}

func TestFramesThatAreCutAreRefused(t *testing.T) {
	frames := bytes.Join(gatherRun(nil, make([]byte, batch*headerSize), pattern(100), 0), nil)
	for n := 1; n < len(frames); n++ {
		if _, err := copyBlocks(nil, frames[:n]); err == nil {
			t.Errorf("%d of %d bytes were taken for whole frames", n, len(frames))
		}
	}
}

func TestTheReceiverStoresWhatIsSent(t *testing.T) {
	want := pattern(2*runSize + 12345)
	f, err := os.Create(filepath.Join(t.TempDir(), "copy"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var sent bytes.Buffer
	headers := make([]byte, batch*headerSize)
	for off := 0; off < len(want); off += runSize {
		frames := gatherRun(net.Buffers{}, headers, want[off:min(off+runSize, len(want))], 0)
		if _, err := frames.WriteTo(&sent); err != nil {
			t.Fatal(err)
		}
	}
	w := newWriter(f)
	if err := receiveRuns(&sent, w); err != nil {
		t.Fatal(err)
	}
	if err := w.close(); err != nil {
		t.Fatal(err)
	}
	got, err := io.ReadAll(io.NewSectionReader(f, 0, 1<<30))
	if err != nil || !bytes.Equal(got, want) {
		t.Errorf("stored %d bytes that are not the %d sent, %v", len(got), len(want), err)
	}
}
