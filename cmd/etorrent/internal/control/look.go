package control

import (
	"bufio"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
)

const (
	// longestAnswer is the most bytes of an answer.
	longestAnswer = 32 << 20
	// answerWithin bounds how long a program takes to answer; one that is stopped
	// does not. Where many others want the processor it takes seconds.
	answerWithin = 10 * time.Second
)

// Program is another program, as its socket shows it.
type Program struct {
	Path string // of the socket
	conn net.Conn
	in   *bufio.Reader
}

// Programs connects to the programs that run on a state folder, and removes the
// sockets of those that are gone. They are to be closed. None is connected to after the
// end of ctx.
func Programs(ctx context.Context, state string) []*Program {
	var out []*Program
	for _, path := range socketsIn(folderOf(state)) {
		if ctx.Err() != nil {
			break
		}
		if conn, err := connect(path); err == nil {
			out = append(out, &Program{Path: path, conn: conn, in: bufio.NewReader(conn)})
		}
	}
	return out
}

// Close ends the connection.
func (g *Program) Close() error { return g.conn.Close() }

// Tree asks for the tree of processes.
func (g *Program) Tree() (*jsonl.Tree, error) {
	a, err := g.ask(Request{V: version, Do: TellTree})
	if err != nil {
		return nil, err
	}
	if a.Tree == nil {
		return nil, errors.New("it answers without a tree")
	}
	return a.Tree, nil
}

// Kill has the process at a path killed. The error is a *Fault where the program
// refuses.
func (g *Program) Kill(path string) error {
	_, err := g.ask(Request{V: version, Do: KillProcess, Path: path})
	return err
}

func (g *Program) ask(r Request) (*Answer, error) {
	line, err := json.Marshal(r)
	if err != nil {
		return nil, err
	}
	_ = g.conn.SetDeadline(time.Now().Add(answerWithin))
	_, sent := g.conn.Write(append(line, '\n'))
	// Who is refused for want of a seat has an answer all the same.
	got, err := readLine(g.in)
	if err != nil {
		return nil, errors.Join(sent, err)
	}
	var a Answer
	if err := json.Unmarshal(got, &a); err != nil {
		return nil, fmt.Errorf("it answers nonsense: %w", err)
	}
	if a.Fault != nil {
		return nil, a.Fault
	}
	return &a, nil
}

// readLine reads up to the end of a line, which is bounded.
func readLine(in *bufio.Reader) ([]byte, error) {
	var line []byte
	for {
		part, err := in.ReadSlice('\n')
		line = append(line, part...)
		switch {
		case err == nil:
			return line, nil
		case !errors.Is(err, bufio.ErrBufferFull):
			if errors.Is(err, io.EOF) {
				err = io.ErrUnexpectedEOF
			}
			return nil, err
		case len(line) > longestAnswer:
			return nil, errors.New("its answer is too long")
		}
	}
}
