//go:build linux

package main

import (
	"encoding/binary"
	"errors"
	"fmt"
	"net"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// roleAnnounce is this program as a crowd that announces to a UDP tracker.
const roleAnnounce = "announce"

const (
	// announceWindow is how many announces are under way.
	announceWindow = 256
	// announcePeers is how many peers there are, by their ports.
	announcePeers = 20_000
	// announcePatience is how long to wait for an answer before others are sent.
	announcePatience = 200 * time.Millisecond
	announceTries    = 50
)

// announceHash is what is announced.
var announceHash = tracker.InfoHash{0xe7, 1, 2, 3}

// announceMain is ADDRESS SPAN. It prints "ready" when the tracker answers, and then
// "announced N LEAST": how many were answered in the span, and the fewest peers that
// an answer told in its second half.
func announceMain(args []string) error {
	if len(args) != 2 {
		return errors.New("usage: ADDRESS SPAN")
	}
	span, err := time.ParseDuration(args[1])
	if err != nil {
		return err
	}
	conn, err := net.Dial("udp", args[0])
	if err != nil {
		return err
	}
	defer conn.Close()
	c := crier{conn: conn, reply: make([]byte, 4096)}
	if err := c.connect(); err != nil {
		return err
	}
	fmt.Println("ready")
	answered, least, err := c.cry(span)
	if err != nil {
		return err
	}
	fmt.Println("announced", answered, least)
	return nil
}

// crier announces peer after peer.
type crier struct {
	conn    net.Conn
	reply   []byte
	request []byte
	sent    int
}

// connect asks for a connection id until there is one.
func (c *crier) connect() error {
	for range announceTries {
		_, _ = c.conn.Write(tracker.AppendConnectRequest(nil, 1)) // nobody may listen yet
		if n, err := c.read(); err == nil {
			if r, is := tracker.ViewReply(c.reply[:n], tracker.IPv4).(tracker.ConnectReply); is {
				a := tracker.Announce{InfoHash: announceHash, Left: 1, NumWant: 50}
				c.request = tracker.AppendAnnounceRequest(nil, r.Connection, 2, &a, "")
				return nil
			}
		}
		time.Sleep(announcePatience / 4)
	}
	return errors.New("the tracker gives no connection id")
}

func (c *crier) read() (int, error) {
	if err := c.conn.SetReadDeadline(time.Now().Add(announcePatience)); err != nil {
		return 0, err
	}
	return c.conn.Read(c.reply)
}

// send sends one announce, of the next peer.
func (c *crier) send() error {
	c.sent++
	binary.BigEndian.PutUint16(c.request[96:], uint16(1024+c.sent%announcePeers))
	_, err := c.conn.Write(c.request)
	return err
}

// cry announces for a span.
func (c *crier) cry(span time.Duration) (answered, least int, err error) {
	least = tracker.MaxPeers
	underWay := 0
	for begin := time.Now(); time.Since(begin) < span; {
		for ; underWay < announceWindow; underWay++ {
			if err := c.send(); err != nil {
				return 0, 0, err
			}
		}
		n, err := c.read()
		if err != nil { // lost: the window opens again
			underWay = 0
			continue
		}
		if binary.BigEndian.Uint32(c.reply) != 1 {
			return 0, 0, fmt.Errorf("the tracker answers %+v", tracker.ViewReply(c.reply[:n], tracker.IPv4))
		}
		answered++
		underWay--
		if time.Since(begin) > span/2 {
			least = min(least, (n-20)/6)
		}
	}
	return answered, least, nil
}
