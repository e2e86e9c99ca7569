//go:build linux

package libutp

import (
	"bufio"
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"strconv"
	"syscall"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/mono"
)

// Options are what a libutp in lockstep is given at its start.
type Options struct {
	Flavour       Flavour
	Seed          uint64 // of its random numbers, ids and numbers of packets; 0: libutp's own numbers
	MTU           int    // bytes of a datagram; 0: 1402, libutp's own for IPv4
	SendBuffer    int    // bytes; 0: 1 MiB, libutp's own
	ReceiveBuffer int    // bytes; 0: 1 MiB, libutp's own
}

// Libutp's own settings.
const (
	ownMTU    = 1402
	ownBuffer = 1 << 20
)

// Op is what happens to a libutp.
type Op byte

// What can happen.
const (
	Datagram Op = 'D' // it came
	Drained  Op = 'A' // the socket has no more: acknowledgements that wait are sent
	Tick     Op = 'T' // its timers are looked at
	Connect  Op = 'C' // its application asks for the connection
	Write    Op = 'W' // ... has N bytes more to write, whenever they are taken
	Hold     Op = 'H' // ... reads no more
	Read     Op = 'R' // ... reads all, and goes on reading
	Shutdown Op = 'S' // ... writes no more when all is taken, but reads
	Close    Op = 'F' // ... closes when all is taken
)

// Event is what happens to a libutp at an instant of its clock.
type Event struct {
	At       mono.Instant
	Op       Op
	N        uint32
	Datagram []byte
}

// Kind is what a libutp does.
type Kind byte

// What it does.
const (
	Sent      Kind = 's' // a datagram
	Probed    Kind = 'p' // a datagram that is not to be fragmented
	Delivered Kind = 'r' // N bytes to the application
	Differs   Kind = 'm' // N bytes to the application, which are not those of the pattern
	Accepted  Kind = 'a' // a connection that came
	Connected Kind = 'c'
	Writable  Kind = 'w'
	Ended     Kind = 'e' // the other end will write no more
	Destroyed Kind = 'x' // it forgot the connection
	Failed    Kind = '!' // N is the number of the error
	NotUTP    Kind = 'n' // a datagram is another protocol's
)

// Numbers of errors.
const (
	Refused uint32 = iota
	Reset
	TimedOut
)

// Record is what a libutp does because of an event.
type Record struct {
	Event    int // its index
	Kind     Kind
	N        uint32
	Datagram []byte // until the next request
}

// child is a libutp in lockstep, a program of its own.
type child struct {
	cmd       *exec.Cmd
	in        io.Writer
	out       *bufio.Reader
	complaint bytes.Buffer
	request   []byte
	reply     []byte
	records   []Record
}

// pipeBytes is how much a pipe holds: with the usual 64 KiB the two programs would
// take turns in the midst of a round.
const pipeBytes = 1 << 20

func startChild(t testing.TB, o Options) *child {
	t.Helper()
	number := func(n, otherwise int) string {
		if n == 0 {
			n = otherwise
		}
		return strconv.Itoa(n)
	}
	c := &child{cmd: exec.Command(Build(t, o.Flavour), "lockstep", strconv.FormatUint(o.Seed, 10),
		number(o.MTU, ownMTU), number(o.SendBuffer, ownBuffer), number(o.ReceiveBuffer, ownBuffer))}
	c.cmd.Stderr = &c.complaint
	c.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	in, err := c.cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	out, err := c.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	widen(in)
	widen(out)
	c.in, c.out = in, bufio.NewReaderSize(out, pipeBytes)
	if err := c.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		in.Close()
		_ = c.cmd.Process.Kill()
		_ = c.cmd.Wait()
	})
	return c
}

// widen gives a pipe pipeBytes, where the kernel allows it: without it is slower.
func widen(pipe any) {
	if f, isFile := pipe.(*os.File); isFile {
		if raw, err := f.SyscallConn(); err == nil {
			_ = raw.Control(func(fd uintptr) {
				_, _, _ = syscall.Syscall(syscall.SYS_FCNTL, fd, 1031 /* F_SETPIPE_SZ */, pipeBytes)
			})
		}
	}
}

// do has events happen, in order of time, and returns what they caused.
func (c *child) do(events []Event) ([]Record, error) {
	le := binary.LittleEndian
	b := append(c.request[:0], 0, 0, 0, 0)
	for _, e := range events {
		b = append(b, byte(e.Op))
		b = le.AppendUint64(b, uint64(e.At)/1000)
		if e.Op == Datagram {
			b = append(le.AppendUint32(b, uint32(len(e.Datagram))), e.Datagram...)
		} else {
			b = le.AppendUint32(b, e.N)
		}
	}
	le.PutUint32(b, uint32(len(b)-4))
	c.request = b
	if _, err := c.in.Write(b); err != nil {
		return nil, c.died(err)
	}
	var head [4]byte
	if _, err := io.ReadFull(c.out, head[:]); err != nil {
		return nil, c.died(err)
	}
	n := int(le.Uint32(head[:]))
	if cap(c.reply) < n {
		c.reply = make([]byte, 2*n)
	}
	c.reply = c.reply[:n]
	if _, err := io.ReadFull(c.out, c.reply); err != nil {
		return nil, c.died(err)
	}
	return c.parse()
}

// recordHead is what a record begins with, in bytes.
const recordHead = 9

func (c *child) parse() ([]Record, error) {
	c.records = c.records[:0]
	for b := c.reply; len(b) > 0; {
		if len(b) < recordHead {
			return nil, errors.New("libutp's reply ends inside a record")
		}
		r := Record{Event: int(binary.LittleEndian.Uint32(b)), Kind: Kind(b[4]), N: binary.LittleEndian.Uint32(b[5:])}
		b = b[recordHead:]
		if r.Kind == Sent || r.Kind == Probed {
			if len(b) < int(r.N) {
				return nil, errors.New("libutp's reply ends inside a datagram")
			}
			r.Datagram, b = b[:r.N:r.N], b[r.N:]
		}
		c.records = append(c.records, r)
	}
	return c.records, nil
}

// died is why a child does not answer.
func (c *child) died(err error) error {
	_ = c.cmd.Process.Kill()
	end := c.cmd.Wait()
	return fmt.Errorf("libutp ended (%v, %w): %s", end, err, bytes.TrimSpace(c.complaint.Bytes()))
}
