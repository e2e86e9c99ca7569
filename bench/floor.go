//go:build linux

package main

import (
	"crypto/sha1"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
)

// The roles of the two ends of the floor.
const (
	roleFloorSend    = "floor-send"
	roleFloorReceive = "floor-receive"
)

// The floor moves pieces as BEP 3 frames them: blocks of 16 KiB, each behind the
// 13 bytes of a piece message, 64 of them in one write.
const (
	blockSize  = 16 << 10
	headerSize = 13
	frameSize  = headerSize + blockSize
	batch      = 64
	runSize    = batch * blockSize
	idPiece    = 7
)

// floorSendMain serves FILE on ADDRESS to the first that connects.
func floorSendMain(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: FILE ADDRESS")
	}
	f, err := os.Open(args[0])
	if err != nil {
		return err
	}
	defer f.Close()
	l, err := net.Listen("tcp", args[1])
	if err != nil {
		return err
	}
	fmt.Println("ready")
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	return floorSend(f, conn)
}

// floorSend reads a run ahead by one pread and sends it, block by block behind
// its header, by one gathered write.
func floorSend(f io.ReaderAt, conn net.Conn) error {
	run, headers := make([]byte, runSize), make([]byte, batch*headerSize)
	gather := make(net.Buffers, 0, 2*batch)
	for index := uint32(0); ; index++ {
		n, err := f.ReadAt(run, int64(index)*runSize)
		if n == 0 && errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		frames := gatherRun(gather, headers, run[:n], index)
		if _, err := frames.WriteTo(conn); err != nil {
			return err
		}
	}
}

// gatherRun appends to dst the frames of a run: slices of headers, which it
// writes, and of the run in turn.
func gatherRun(dst net.Buffers, headers, run []byte, index uint32) net.Buffers {
	for begin := 0; begin < len(run); begin += blockSize {
		block := run[begin:min(begin+blockSize, len(run))]
		h := headers[begin/blockSize*headerSize:][:headerSize]
		binary.BigEndian.PutUint32(h, uint32(headerSize-4+len(block)))
		h[4] = idPiece
		binary.BigEndian.PutUint32(h[5:], index)
		binary.BigEndian.PutUint32(h[9:], uint32(begin))
		dst = append(dst, h, block)
	}
	return dst
}

// floorReceiveMain fetches from ADDRESS into FILE.
func floorReceiveMain(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: ADDRESS FILE")
	}
	conn, err := net.Dial("tcp", args[0])
	if err != nil {
		return err
	}
	defer conn.Close()
	fmt.Println("start")
	f, err := os.Create(args[1])
	if err != nil {
		return err
	}
	w := newWriter(f)
	err = receiveRuns(conn, w)
	if err := errors.Join(err, w.close(), f.Close()); err != nil {
		return err
	}
	fmt.Println("done")
	return nil
}

// receiveRuns reads 64 frames at a time, copies their blocks into a run, and hands
// it to a second goroutine that hashes and writes it.
func receiveRuns(conn io.Reader, w *writer) error {
	frames := make([]byte, batch*frameSize)
	for {
		n, err := io.ReadFull(conn, frames)
		if n > 0 {
			run, err := copyBlocks(<-w.free, frames[:n])
			w.full <- run
			if err != nil {
				return err
			}
		}
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// copyBlocks appends the blocks of whole frames to run[:0].
func copyBlocks(run, frames []byte) ([]byte, error) {
	run = run[:0]
	for len(frames) > 0 {
		if len(frames) < headerSize {
			return run, io.ErrUnexpectedEOF
		}
		end := 4 + int(binary.BigEndian.Uint32(frames))
		if frames[4] != idPiece || end < headerSize || end > len(frames) {
			return run, errors.New("a frame is not that of a block")
		}
		run = append(run, frames[headerSize:end]...)
		frames = frames[end:]
	}
	return run, nil
}

// writer is the second goroutine of the receiver. Runs come by full and go back
// by free.
type writer struct {
	free, full chan []byte
	ended      chan error
}

func newWriter(f *os.File) *writer {
	const runs = 4
	w := &writer{free: make(chan []byte, runs), full: make(chan []byte, runs/2), ended: make(chan error, 1)}
	for range runs {
		w.free <- make([]byte, 0, runSize)
	}
	go func() { w.ended <- w.write(f) }()
	return w
}

// close waits until all that was given is written.
func (w *writer) close() error {
	close(w.full)
	return <-w.ended
}

// write hashes and writes runs in their order. After an error it takes the rest
// without writing it, so that the reader never waits for it.
func (w *writer) write(f *os.File) error {
	var off int64
	var failed error
	sum := sha1.New()
	for run := range w.full {
		sum.Reset()
		sum.Write(run)
		sum.Sum(nil)
		if failed == nil {
			_, failed = f.WriteAt(run, off)
		}
		off += int64(len(run))
		w.free <- run
	}
	return failed
}
