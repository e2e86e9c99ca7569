package control

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net"
	"os"
	"time"

	"github.com/etorrent/etorrent/sup"
)

// errSocketGone says that another took the socket away.
var errSocketGone = errors.New("the control socket is gone")

// door opens the socket and lets guests in.
func (s *Server) door(p *sup.Process) error {
	p.Ready()
	wait := s.patience.retry
	for number := 0; ; {
		l, err := openSocket(s.cfg.Folder, s.cfg.PID)
		s.tellFirst(err)
		if err == nil {
			p.Healthy()
			wait = s.patience.retry
			err = s.letIn(p, l, &number)
		}
		if p.Context().Err() != nil {
			return nil
		}
		if errors.Is(err, errSocketGone) {
			continue
		}
		p.Degraded(err)
		if p.Pause(wait) == sup.StopAsked {
			return nil
		}
		wait = min(2*wait, longestRetry)
	}
}

func (s *Server) tellFirst(err error) {
	select {
	case s.first <- err:
	default:
	}
}

// letIn starts a process for each guest, until the socket fails or the door is to
// close.
func (s *Server) letIn(p *sup.Process, l *socket, number *int) error {
	defer p.Closes(l)()
	defer func() { _ = l.Close() }()
	left := make(chan struct{})
	defer close(left)
	closeAtStop(p, l, left)
	for {
		_ = l.SetDeadline(time.Now().Add(s.patience.look))
		conn, err := l.Accept()
		p.Receive("guest")
		switch {
		case errors.Is(err, os.ErrDeadlineExceeded):
			if l.there() == elsewhere {
				return errSocketGone
			}
			continue
		case err != nil:
			return err
		}
		select {
		case s.seats <- struct{}{}:
			*number++
			s.guests.Start(sup.Child{
				Name: fmt.Sprintf("guest[%d]", *number), Kind: "guest", Restart: sup.Temporary,
				Run: func(p *sup.Process) error { return s.serve(p, conn) },
			})
		default:
			refuse(conn)
		}
	}
}

// closeAtStop closes what a process waits on when it is to stop.
func closeAtStop(p *sup.Process, c interface{ Close() error }, over <-chan struct{}) {
	p.Go("closer", func() error {
		select {
		case <-p.Stopping():
			_ = c.Close()
		case <-over:
		}
		return nil
	})
}

// refuse tells a guest for whom there is no seat. So little fits into the connection
// without waiting.
func refuse(conn net.Conn) {
	_ = conn.SetWriteDeadline(time.Now().Add(10 * time.Millisecond))
	_, _ = conn.Write(lineOf(faultOf(Busy, "%d others look at this program already", guestsAtOnce)))
	_ = conn.Close()
}

// serve answers the requests of a guest, one after the other.
func (s *Server) serve(p *sup.Process, conn net.Conn) error {
	defer func() { <-s.seats }()
	defer p.Closes(conn)()
	defer func() { _ = conn.Close() }()
	left := make(chan struct{})
	defer close(left)
	p.Ready()
	closeAtStop(p, conn, left)
	in := bufio.NewReaderSize(conn, longestRequest)
	for {
		_ = conn.SetReadDeadline(time.Now().Add(s.patience.ask))
		line, err := in.ReadSlice('\n')
		p.Receive("request")
		if errors.Is(err, bufio.ErrBufferFull) {
			_ = s.say(conn, faultOf(Malformed, "a request of more than %d bytes", longestRequest))
		}
		if err != nil {
			return nil // it has left, or is left
		}
		if err := s.say(conn, s.answer(line)); err != nil {
			return nil
		}
	}
}

// say gives a guest an answer, who has to read it in time. How long it takes to make one
// is not the guest's doing.
func (s *Server) say(conn net.Conn, a Answer) error {
	line := lineOf(a)
	_ = conn.SetWriteDeadline(time.Now().Add(s.patience.answer))
	_, err := conn.Write(line)
	return err
}

// answer does what a line asks for.
func (s *Server) answer(line []byte) Answer {
	var r Request
	if err := json.Unmarshal(line, &r); err != nil {
		return faultOf(Malformed, "no request: %v", err)
	}
	if r.V != version {
		return faultOf(Foreign, "a request of version %d; this is version %d", r.V, version)
	}
	switch r.Do {
	case TellTree:
		return Answer{V: version, Tree: s.treeOf(s.cfg.Tree())}
	case KillProcess:
		if err := s.cfg.Kill(r.Path); err != nil {
			return faultOf(Unkillable, "%v", err)
		}
		return Answer{V: version}
	}
	return faultOf(Malformed, "no task %q", r.Do)
}

// lineOf is an answer as one line.
func lineOf(a Answer) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(a); err != nil {
		panic(err) // plain values always can be written
	}
	return b.Bytes()
}
