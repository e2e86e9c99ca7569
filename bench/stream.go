//go:build linux

package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"io"
	"net"
	"os"
	"runtime"
	"strconv"
	"time"

	"github.com/etorrent/etorrent/internal/utpsim"
	"github.com/etorrent/etorrent/utp"
)

// The roles of the two ends of a stream over uTP, by the public package.
const (
	roleStreamSend    = "utp-send"
	roleStreamReceive = "utp-receive"
)

const (
	// streamWrite is how many bytes are written at once, and read at the most.
	streamWrite = 256 << 10
	// traceEvery is between the samples of a trace: that of `etorrent utp cat --trace`.
	traceEvery = 100 * time.Millisecond
)

// streamLine is what an end tells, libutp's too.
type streamLine struct {
	Event    string  `json:"event"`
	Port     int     `json:"port,omitempty"`
	Received int64   `json:"received,omitempty"` // bytes
	Micros   int64   `json:"micros,omitempty"`   // from the connection's begin to the last byte
	Objects  float64 `json:"objects,omitempty"`  // allocated for each packet of the middle half
}

// end is what both ends have.
type end struct {
	size   int64
	socket *utp.Socket
	trace  io.Closer // nil: there is none
	half   [2]counted
}

// counted is how many objects and packets there had been.
type counted struct{ objects, packets uint64 }

// openEnd takes SIZE and perhaps the file of a trace.
func openEnd(args []string) (*end, error) {
	size, err := strconv.ParseInt(args[0], 10, 64)
	if err != nil {
		return nil, err
	}
	e := &end{size: size}
	options := []utp.Option{utp.Linger(time.Minute)}
	if len(args) > 1 {
		f, err := os.Create(args[1])
		if err != nil {
			return nil, err
		}
		e.trace, options = f, append(options, utp.Trace(f, traceEvery))
	}
	e.socket, err = utp.Listen(context.Background(), "udp4", "127.0.0.1:0", options...)
	return e, err
}

func (e *end) close() error {
	err := e.socket.Close()
	if e.trace != nil {
		err = errors.Join(err, e.trace.Close())
	}
	return err
}

// passed counts where the bytes pass a quarter and three quarters of the whole.
func (e *end) passed(c *utp.Conn, from, to int64) {
	for i, at := range [...]int64{e.size / 4, e.size - e.size/4} {
		if from < at && at <= to {
			var m runtime.MemStats
			runtime.ReadMemStats(&m)
			s := c.Status()
			e.half[i] = counted{m.Mallocs, s.PacketsSent + s.PacketsReceived}
		}
	}
}

// objects is how many were allocated for each packet of the middle half.
func (e *end) objects() float64 {
	return float64(e.half[1].objects-e.half[0].objects) / float64(max(1, e.half[1].packets-e.half[0].packets))
}

// streamSendMain is ADDRESS SIZE [TRACE]: it sends so many bytes of the pattern.
func streamSendMain(args []string) error {
	if len(args) < 2 {
		return errors.New("usage: ADDRESS SIZE, and perhaps TRACE")
	}
	e, err := openEnd(args[1:])
	if err != nil {
		return err
	}
	c, err := e.socket.Dial(context.Background(), args[0])
	if err != nil {
		return err
	}
	for at := int64(0); at < e.size; {
		n := min(streamWrite, e.size-at)
		if _, err := c.Write(utpsim.Pattern(at, int(n))); err != nil {
			return err
		}
		e.passed(c, at, at+n)
		at += n
	}
	if err := errors.Join(c.CloseWrite(), e.drained(c)); err != nil {
		return err
	}
	return tellLine(streamLine{Event: "ended", Objects: e.objects()})
}

// drained waits for the other end's end, and has everything be acknowledged.
func (e *end) drained(c net.Conn) error {
	_, err := io.Copy(io.Discard, c)
	return errors.Join(err, c.Close(), e.close())
}

// streamReceiveMain is SIZE [TRACE]: it takes one connection, and what comes is to be the
// pattern.
func streamReceiveMain(args []string) error {
	if len(args) < 1 {
		return errors.New("usage: SIZE, and perhaps TRACE")
	}
	e, err := openEnd(args)
	if err != nil {
		return err
	}
	if err := tellLine(streamLine{Event: "listening", Port: int(e.socket.Addr().(utp.Addr).Port())}); err != nil {
		return err
	}
	c, err := e.socket.AcceptContext(context.Background())
	if err != nil {
		return err
	}
	began, last, at := time.Now(), time.Time{}, int64(0)
	for b := make([]byte, streamWrite); ; {
		n, err := c.Read(b)
		if !bytes.Equal(b[:n], utpsim.Pattern(at, n)) {
			return errors.New("what came is not the pattern")
		}
		e.passed(c, at, at+int64(n))
		if at += int64(n); n > 0 {
			last = time.Now()
		}
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			return err
		}
	}
	if err := errors.Join(c.Close(), e.close()); err != nil {
		return err
	}
	return tellLine(streamLine{Event: "ended", Received: at, Micros: last.Sub(began).Microseconds(), Objects: e.objects()})
}

func tellLine(l streamLine) error { return json.NewEncoder(os.Stdout).Encode(l) }
