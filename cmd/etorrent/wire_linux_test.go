package main

import (
	"errors"
	"io"
	"net"
	"net/netip"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/etorrent/etorrent"
)

// silence is how long who must be heard may say nothing. It is below the time after which
// a program of a test is killed.
const silence = 2 * time.Minute

// ear is a UDP tracker that only listens.
type ear struct {
	t    *testing.T
	conn *net.UDPConn
}

func startEar(t *testing.T) *ear {
	t.Helper()
	conn, err := net.ListenUDP("udp4", &net.UDPAddr{IP: net.IPv4(127, 0, 0, 1)})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = conn.Close() })
	raw, err := conn.SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	var failed error
	err = raw.Control(func(fd uintptr) { failed = unix.SetsockoptInt(int(fd), unix.IPPROTO_IP, unix.IP_RECVTOS, 1) })
	if err = errors.Join(err, failed); err != nil {
		t.Fatal(err)
	}
	return &ear{t, conn}
}

func (e *ear) url() string { return "udp://" + e.conn.LocalAddr().String() + "/announce" }

// hear returns where the next datagram comes from, and its class.
func (e *ear) hear() (netip.Addr, etorrent.DSCP) {
	e.t.Helper()
	control := make([]byte, 64)
	if err := e.conn.SetReadDeadline(time.Now().Add(silence)); err != nil {
		e.t.Fatal(err)
	}
	_, n, _, from, err := e.conn.ReadMsgUDPAddrPort(make([]byte, 2048), control)
	if err != nil {
		e.t.Fatal(err)
	}
	messages, err := unix.ParseSocketControlMessage(control[:n])
	if err != nil || len(messages) != 1 {
		e.t.Fatalf("%v, %v", messages, err)
	}
	return from.Addr().Unmap(), etorrent.DSCP(messages[0].Data[0] >> 2)
}

// What each command sends leaves from the address of --bind, is of the class of
// --dscp, and goes to the trackers of --tracker alone.
func TestFlagsOfTheNetworkReachTheWire(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	own := startEar(t)
	if r := runProgram(t, dir, "create", "show", "-o", "tracked.torrent", "--tracker", own.url()); r.code != 0 {
		t.Fatalf("%+v", r)
	}
	for _, command := range [][]string{
		{"get", "tracked.torrent", "--dir", "copy"}, {"seed", "tracked.torrent"}, {"cat", "tracked.torrent", "1", "--dir", "other"},
	} {
		given := startEar(t)
		cmd := program(t, dir, append(command, "--state", command[0], "--no-trackers", "--tracker", given.url(), "--bind", "127.0.0.2", "--dscp", "le")...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		if from, class := given.hear(); from != netip.MustParseAddr("127.0.0.2") || class != etorrent.LowerEffort {
			t.Errorf("%s: from %v, class %d", command[0], from, class)
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
	if err := own.conn.SetReadDeadline(time.Unix(1, 0)); err != nil {
		t.Fatal(err)
	}
	if _, err := own.conn.Read(make([]byte, 2048)); !errors.Is(err, os.ErrDeadlineExceeded) {
		t.Errorf("the torrent's own tracker was asked: %v", err)
	}
}

// admitted connects to a program until it answers the handshake: a torrent that is
// being opened takes nobody.
func admitted(t *testing.T, to string, hash [20]byte, id string) net.Conn {
	t.Helper()
	for t.Context().Err() == nil {
		c := greet(t, to, hash, id)
		if _, err := io.ReadFull(c, make([]byte, 68)); err == nil {
			return c
		}
		_ = c.Close()
	}
	t.Fatal("nobody is let in")
	return nil
}

// greet connects to a program and sends a handshake (BEP 3).
func greet(t *testing.T, to string, hash [20]byte, id string) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", to)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = c.Close() })
	if err := c.SetDeadline(time.Now().Add(silence)); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Write([]byte("\x13BitTorrent protocol\x00\x00\x00\x00\x00\x00\x00\x00" + string(hash[:]) + id)); err != nil {
		t.Fatal(err)
	}
	return c
}

// Of two who come, one is sent away; the other may be either (BEP 40).
func TestATorrentHasNoMorePeersThanItMay(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	hash := readTorrentFile(t, filepath.Join(dir, "show.torrent")).ID().V1
	for _, command := range [][]string{
		{"get", "show.torrent", "--dir", "copy"}, {"seed", "show.torrent"}, {"cat", "show.torrent", "1", "--dir", "other"},
	} {
		cmd := program(t, dir, append(command, "--state", command[0], "--listen", "127.0.0.1:0", "--max-peers", "1")...)
		from := io.Reader(nil)
		var err error
		if command[0] == "cat" {
			from, err = cmd.StderrPipe()
		} else {
			from, err = cmd.StdoutPipe()
		}
		if err = errors.Join(err, cmd.Start()); err != nil {
			t.Fatal(err)
		}
		said := readUntil(t, from, "\n")
		for !strings.Contains(said, "listening on ") {
			said = readUntil(t, from, "\n")
		}
		_, at, _ := strings.Cut(said, "listening on ")
		at, _, _ = strings.Cut(at, "\n")
		sent := make(chan error, 2)
		for _, c := range []net.Conn{admitted(t, at, hash, "-XX0000-000000000001"), greet(t, at, hash, "-XX0000-000000000002")} {
			go func() {
				_, err := io.Copy(io.Discard, c)
				sent <- err
			}()
		}
		if err := <-sent; errors.Is(err, os.ErrDeadlineExceeded) {
			t.Errorf("%s: both stay", command[0])
		}
		_ = cmd.Process.Kill()
		_ = cmd.Wait()
	}
}

// Without --plain frames would have been drawn, or colours, before what is waited for.
func TestPlainLinesHaveNothingThatATerminalObeys(t *testing.T) {
	t.Parallel()
	dir := makeShow(t)
	for _, x := range []struct {
		command string
		until   string
		says    string
	}{
		{"get show.torrent --state get --dir get --listen 127.0.0.1:0 --stall-timeout 2s", "To go on", "show: fetching, 0%"},
		{"cat show.torrent 1 --state cat --dir cat --listen 127.0.0.1:0 --stall-timeout 2s", "To go on", "show: fetching, 0%"},
		{"seed show.torrent --state seed --listen 127.0.0.1:0 --seed-time 2s", "shared enough", "seeding show"},
		{"tracker --listen 127.0.0.1:0", "0 refused", "announce URL"},
		{"ps --state seed-state --watch", "client (rest_for_one)", "store"},
		{"demo --peers 3 --size 6M --rate 1M", "% and fetch", "Act 1 of 4"},
	} {
		t.Run(strings.Fields(x.command)[0], func(t *testing.T) {
			t.Parallel()
			if strings.HasPrefix(x.command, "ps") {
				seeder(t, dir).until(event("complete"))
			}
			p := openPTY(t, 80, 24)
			cmd := program(t, dir, append(strings.Fields(x.command), "--plain")...)
			cmd.Env = append(cmd.Env, "TERM=xterm")
			cmd.Stdin, cmd.Stdout, cmd.Stderr = p.line, p.line, p.line
			if strings.HasPrefix(x.command, "cat") {
				cmd.Stdout = nil
			}
			if err := cmd.Start(); err != nil {
				t.Fatal(err)
			}
			_ = p.line.Close()
			said := p.until(x.until)
			if strings.HasPrefix(x.command, "ps") {
				said += p.until(x.until) // the second look
			}
			_ = cmd.Process.Signal(os.Interrupt)
			if strings.Contains(said, "\x1b") || !strings.Contains(said, x.says) {
				t.Errorf("%q", said)
			}
			_ = cmd.Wait()
		})
	}
}
