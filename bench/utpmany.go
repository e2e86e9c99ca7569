//go:build linux

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"runtime/debug"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/etorrent/etorrent/utp"
)

// The roles of this program that are the ends of many connections of uTP.
const (
	roleManyTake = "utp-many-take" // accepts them, and reads
	roleManyGive = "utp-many-give" // dials them, and writes
)

// manyHands is how many dial at once.
const manyHands = 32

// manyNews is a line that an end prints.
type manyNews struct {
	Event string
	// Of "took", by connection: seconds until it had all, and bytes that it had when half of all
	// had come.
	Seconds []float64 `json:",omitempty"`
	Half    []int64   `json:",omitempty"`
	// Of "gave": bytes of all windows that remotes have told of.
	Windows int64 `json:",omitempty"`
	// Of "held": bytes of live memory.
	Live uint64 `json:",omitempty"`
}

func (n manyNews) print() error { return json.NewEncoder(os.Stdout).Encode(n) }

// live is what is in use, in bytes.
func live() uint64 {
	runtime.GC()
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

// tellLive tells what is in use, for each line of the input, until it ends; when the line says so,
// without the connections.
func tellLive(conns []*utp.Conn) error {
	var word string
	for {
		if _, err := fmt.Scanln(&word); errors.Is(err, io.EOF) {
			return nil
		} else if err != nil {
			return err
		}
		if word == "without" {
			for _, c := range conns {
				_ = c.Abort()
				<-c.Done()
			}
			clear(conns)
		}
		if err := (manyNews{Event: "held", Live: live()}).print(); err != nil {
			return err
		}
	}
}

// manyTakeMain is COUNT BYTES: it accepts so many connections at an address that it prints, reads so
// many bytes of each, and keeps them.
func manyTakeMain(args []string) error {
	debug.SetGCPercent(collectAt)
	count, bytes, err := manyArgs(args)
	if err != nil {
		return err
	}
	s, err := utp.Listen(context.Background(), "udp4", "127.0.0.1:0", utp.Backlog(count))
	if err != nil {
		return err
	}
	fmt.Println("at", s.Addr())
	conns := make([]*utp.Conn, count)
	for k := range conns {
		if conns[k], err = s.AcceptContext(context.Background()); err != nil {
			return err
		}
	}
	if err := take(conns, bytes).print(); err != nil {
		return err
	}
	return tellLive(conns)
}

// take reads so many bytes of each.
func take(conns []*utp.Conn, bytes int64) manyNews {
	news := manyNews{Event: "took", Seconds: make([]float64, len(conns)), Half: make([]int64, len(conns))}
	had, all := make([]atomic.Int64, len(conns)), atomic.Int64{}
	half := int64(len(conns)) * bytes / 2
	snapshot := sync.OnceFunc(func() {
		for k := range had {
			news.Half[k] = had[k].Load()
		}
	})
	began := time.Now()
	var readers sync.WaitGroup
	for k, c := range conns {
		readers.Go(func() {
			b := make([]byte, 2<<10)
			for had[k].Load() < bytes {
				n, err := c.Read(b)
				if err != nil {
					fmt.Fprintf(os.Stderr, "connection %d: %v\n", k, err)
					return
				}
				had[k].Add(int64(n))
				if all.Add(int64(n)) >= half {
					snapshot()
				}
			}
			news.Seconds[k] = time.Since(began).Seconds()
		})
	}
	readers.Wait()
	return news
}

// manyGiveMain is COUNT BYTES ADDRESS: it dials so many connections, and writes so many bytes to
// each when all are there.
func manyGiveMain(args []string) error {
	debug.SetGCPercent(collectAt)
	if len(args) != 3 {
		return errManyArgs
	}
	count, bytes, err := manyArgs(args[:2])
	if err != nil {
		return err
	}
	s, err := utp.Listen(context.Background(), "udp4", "127.0.0.1:0", utp.Backlog(0))
	if err != nil {
		return err
	}
	conns, err := dialMany(s, args[2], count)
	if err != nil {
		return err
	}
	if err := give(conns, make([]byte, bytes)); err != nil {
		return err
	}
	news := manyNews{Event: "gave"}
	for _, c := range conns {
		news.Windows += int64(c.Status().RemoteWindow)
	}
	if err := news.print(); err != nil {
		return err
	}
	return tellLive(conns)
}

// give writes the same to each, at once.
func give(conns []*utp.Conn, payload []byte) error {
	gave := make(chan error)
	for _, c := range conns {
		go func() {
			_, err := c.Write(payload)
			gave <- err
		}()
	}
	var errs []error
	for range conns {
		errs = append(errs, <-gave)
	}
	return errors.Join(errs...)
}

// dialMany has some hands dial at once.
func dialMany(s *utp.Socket, address string, count int) ([]*utp.Conn, error) {
	conns, next, dialled := make([]*utp.Conn, count), make(chan int, count), make(chan error)
	for k := range count {
		next <- k
	}
	close(next)
	for range min(manyHands, count) {
		go func() {
			for k := range next {
				c, err := s.Dial(context.Background(), address)
				conns[k] = c
				dialled <- err
			}
		}()
	}
	for range count {
		if err := <-dialled; err != nil {
			return nil, err
		}
	}
	return conns, nil
}

var errManyArgs = errors.New("usage: COUNT BYTES [ADDRESS]")

func manyArgs(args []string) (count int, bytes int64, err error) {
	if len(args) != 2 {
		return 0, 0, errManyArgs
	}
	count, errCount := strconv.Atoi(args[0])
	bytes, errBytes := strconv.ParseInt(args[1], 10, 64)
	return count, bytes, errors.Join(errCount, errBytes)
}
