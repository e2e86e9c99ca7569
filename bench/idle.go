//go:build linux

package main

import (
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"time"
)

// roleIdle is this program as many peers that say hello and then nothing.
const roleIdle = "idle"

const (
	idlePerAddress = 40 // a seed takes 64 connections of one
	idleHands      = 64 // that dial at once: a seed bounds those that have not named a torrent
	idlePatience   = 20 * time.Second
)

// idleMain is ADDRESS TORRENT COUNT. It prints "connected" when all were answered, and
// holds the connections until its input ends.
func idleMain(args []string) error {
	if len(args) != 3 {
		return errors.New("usage: ADDRESS TORRENT COUNT")
	}
	meta, err := readTorrent(args[1])
	if err != nil {
		return err
	}
	count, err := strconv.Atoi(args[2])
	if err != nil {
		return err
	}
	hash := meta.ID().V1
	next, answered := make(chan int), make(chan error)
	for range min(idleHands, count) {
		go func() {
			for k := range next {
				answered <- sayHello(args[0], k, hash)
			}
		}()
	}
	go func() {
		for k := range count {
			next <- k
		}
		close(next)
	}()
	for range count {
		if err := <-answered; err != nil {
			return err
		}
	}
	fmt.Println("connected")
	_, err = io.Copy(io.Discard, os.Stdin)
	return err
}

// sayHello connects from an address of loopback, exchanges the handshake of BEP 3 and
// then only reads.
func sayHello(address string, k int, hash [20]byte) error {
	from := k / idlePerAddress
	d := net.Dialer{LocalAddr: &net.TCPAddr{IP: net.IPv4(127, 2, byte(from/250), byte(1+from%250))}, Timeout: idlePatience}
	conn, err := d.Dial("tcp", address)
	if err != nil {
		return err
	}
	hello := append([]byte("\x13BitTorrent protocol\x00\x00\x00\x00\x00\x00\x00\x00"), hash[:]...)
	hello = fmt.Appendf(hello, "-BE0001-%012d", k)
	if _, err := conn.Write(hello); err != nil {
		return err
	}
	if err := conn.SetReadDeadline(time.Now().Add(idlePatience)); err != nil {
		return err
	}
	if _, err := io.ReadFull(conn, make([]byte, len(hello))); err != nil {
		return fmt.Errorf("connection %d has no answer: %w", k, err)
	}
	if err := conn.SetReadDeadline(time.Time{}); err != nil {
		return err
	}
	go func() { _, _ = io.Copy(io.Discard, conn) }()
	return nil
}
