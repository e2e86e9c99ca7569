package control

import (
	"bufio"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"strings"
	"testing"
	"time"
)

// answers are the faults that a connection is told until it is left.
func answers(conn net.Conn) (faults []Reason) {
	in := bufio.NewReader(conn)
	for {
		line, err := in.ReadBytes('\n')
		if err != nil {
			return faults
		}
		var a Answer
		if json.Unmarshal(line, &a) == nil && a.Fault != nil {
			faults = append(faults, a.Fault.Why)
		}
	}
}

func TestNonsenseIsAnsweredAndALongLineLeft(t *testing.T) {
	w := newWorld(t, 1, usualPatience)
	w.opened(w.server)
	for sent, want := range map[string]string{
		"\n{}\n[]\nnull\n\x00\xff\n":                                                        "[malformed foreign malformed foreign malformed]",
		"{\"v\":2,\"do\":\"tree\"}\n{\"v\":1,\"do\":\"end\"}\n{\"v\":1}\n":                  "[foreign malformed malformed]",
		"{\"v\":1,\"do\":\"kill\"}\n{\"v\":1,\"do\":\"kill\",\"path\":[]}\n":                "[unkillable malformed]",
		"GET / HTTP/1.1\r\nHost: x\r\n":                                                     "[malformed malformed]",
		"{\"v\":1,\"do\":\"kill\",\"path\":\"" + strings.Repeat("x", longestRequest) + "\"": "[malformed]",
		strings.Repeat("[", longestRequest-1) + "\n":                                        "[malformed]",
		"{\"v\":1,\"do\":\"tr":                                                              "[]",
	} {
		conn := w.dial()
		if _, err := io.WriteString(conn, sent); err != nil {
			t.Fatal(err)
		}
		_ = conn.(*net.UnixConn).CloseWrite()
		if got := fmt.Sprint(answers(conn)); got != want {
			t.Errorf("%.40q: %s, want %s", sent, got, want)
		}
	}
	if !w.honest() {
		t.Error("nobody is answered any more")
	}
}

func TestBeyondTheSeatsGuestsAreRefusedAndTheSilentMakeRoom(t *testing.T) {
	w := newWorld(t, 1, patience{ask: time.Hour, answer: time.Hour, look: time.Hour, retry: time.Hour})
	w.opened(w.server)
	var silent []net.Conn
	for range guestsAtOnce {
		silent = append(silent, w.dial())
	}
	for range 200 {
		if got := fmt.Sprint(answers(w.dial())); got != "[busy]" {
			t.Fatalf("%s", got)
		}
	}
	var fault *Fault
	if _, err := w.programs()[0].Tree(); !errors.As(err, &fault) || fault.Why != Busy {
		t.Errorf("%v", err)
	}
	_ = silent[0].Close()
	w.eventually("there is room", w.honest)

	hurried := newWorld(t, 1, hasty)
	hurried.opened(hurried.server)
	for range guestsAtOnce {
		hurried.dial()
	}
	hurried.eventually("the silent are left", hurried.honest)
}

func TestWhoDoesNotReadIsLeft(t *testing.T) {
	w := newWorld(t, processesShown, patience{ask: time.Hour, answer: 20 * time.Millisecond, look: time.Hour, retry: time.Hour})
	w.opened(w.server)
	for range guestsAtOnce {
		if _, err := io.WriteString(w.dial(), strings.Repeat("{\"v\":1,\"do\":\"tree\"}\n", 100)); err != nil {
			t.Fatal(err)
		}
	}
	w.eventually("those who do not read are left", w.honest)
}

func TestTheEndDoesNotWaitForGuests(t *testing.T) {
	w := newWorld(t, 1, patience{ask: time.Hour, answer: time.Hour, look: time.Hour, retry: time.Hour})
	w.opened(w.server)
	conn := w.dial()
	w.stop(w.server)
	if got := answers(conn); len(got) > 0 {
		t.Errorf("%v", got)
	}
}
