//go:build linux

package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"sync/atomic"
	"time"
)

// The roles of a bulk transfer over one connection: as fast as it goes, with the
// options that the engine sets on its sockets.
const (
	roleBulkSend    = "bulk-send"
	roleBulkReceive = "bulk-receive"
)

// bulkWrite is how many bytes are written at once.
const bulkWrite = 256 << 10

// bulkSendMain is ADDRESS: it accepts one connection and sends on it until it breaks.
func bulkSendMain(args []string) error {
	if len(args) != 1 {
		return errors.New("usage: ADDRESS")
	}
	l, err := (&net.ListenConfig{Control: tuneSocket}).Listen(context.Background(), "tcp", args[0])
	if err != nil {
		return err
	}
	fmt.Println("ready")
	conn, err := l.Accept()
	if err != nil {
		return err
	}
	defer conn.Close()
	for b := make([]byte, bulkWrite); ; {
		if _, err := conn.Write(b); err != nil {
			return nil // the other end has what it wanted
		}
	}
}

// bulkReceiveMain is ADDRESS WARM SPAN: it connects, and prints "bytes" with what came
// in a span of time that begins after another.
func bulkReceiveMain(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: ADDRESS WARM SPAN")
	}
	warm, errWarm := time.ParseDuration(args[1])
	span, errSpan := time.ParseDuration(args[2])
	if err := errors.Join(errWarm, errSpan); err != nil {
		return err
	}
	began := time.Now()
	conn, err := (&net.Dialer{Control: tuneSocket}).Dial("tcp", args[0])
	if err != nil {
		return err
	}
	var total atomic.Int64
	go func() {
		_, _ = io.Copy(counter{&total}, onlyReader{conn})
	}()
	time.Sleep(time.Until(began.Add(warm)))
	from := total.Load()
	time.Sleep(time.Until(began.Add(warm + span)))
	tell("bytes", total.Load()-from)
	return conn.Close()
}

// counter counts what is written to it.
type counter struct{ n *atomic.Int64 }

// Write takes everything.
func (c counter) Write(p []byte) (int, error) {
	c.n.Add(int64(len(p)))
	return len(p), nil
}

// onlyReader hides what else a reader can, so that it is read in user space.
type onlyReader struct{ io.Reader }
