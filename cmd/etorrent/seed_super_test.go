package main

import (
	"encoding/binary"
	"io"
	"net"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/metainfo"
)

// firstHaves shakes hands with a seeder as a remote without extensions, and returns the
// first message that says what the seeder has: its kind (BEP 3) and the rest.
func firstHaves(t *testing.T, address string, infoHash [20]byte) (kind byte, rest []byte) {
	t.Helper()
	conn, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	_ = conn.SetDeadline(time.Now().Add(hangs))
	hello := append([]byte("\x13BitTorrent protocol\x00\x00\x00\x00\x00\x00\x00\x00"), infoHash[:]...)
	interested := "\x00\x00\x00\x01\x02"
	if _, err := conn.Write([]byte(string(hello) + "-XX0000-abcdefghijkl" + interested)); err != nil {
		t.Fatal(err)
	}
	if _, err := io.ReadFull(conn, make([]byte, 68)); err != nil {
		t.Fatal(err)
	}
	for kind != 4 && kind != 5 {
		var head [4]byte
		if _, err := io.ReadFull(conn, head[:]); err != nil {
			t.Fatal(err)
		}
		message := make([]byte, binary.BigEndian.Uint32(head[:]))
		if _, err := io.ReadFull(conn, message); err != nil {
			t.Fatal(err)
		}
		if len(message) > 1 {
			kind, rest = message[0], message[1:]
		}
	}
	return kind, rest
}

func TestASeederThatSuperSeedsShowsNothingAtFirst(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		flags []string
		kind  byte
	}{{nil, 5}, {[]string{"--super-seed"}, 4}} {
		dir := makeShow(t)
		raw, err := os.ReadFile(filepath.Join(dir, "show.torrent"))
		if err != nil {
			t.Fatal(err)
		}
		meta, err := metainfo.Parse(raw)
		if err != nil {
			t.Fatal(err)
		}
		s := seeder(t, dir, c.flags...)
		address := s.address()
		s.until(event("complete"))
		if kind, rest := firstHaves(t, address, meta.ID().V1); kind != c.kind {
			t.Errorf("%v: a message of kind %d, %x", c.flags, kind, rest)
		}
	}
}

func TestTheEndOfSuperSeedingIsTold(t *testing.T) {
	t.Parallel()
	s := seeder(t, makeShow(t), "--super-seed")
	seeder(t, makeShow(t), "--peer", s.address())
	o := s.until(event("super_seed"))
	s.stop(os.Interrupt)
	if o["state"] != "ended" || o["reason"] != "other_seed" || o["complete"] != 1.0 || !strings.Contains(s.stderr.String(), "show: super seeding ended, another seed is there") {
		t.Errorf("%v: %s", o, s.stderr.String())
	}
}
