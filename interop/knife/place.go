package knife

import (
	"fmt"
	"strings"
)

// appending is the place of a descriptor that writes at the end.
const appending = -1

// opened notes where a new descriptor stands.
func (a *adder) opened(c call, flags string) error {
	fd, _, err := descriptor(c.result)
	if err != nil {
		return fmt.Errorf("line %d: %w", c.end, err)
	}
	a.at[fd] = 0
	if strings.Contains(flags, "O_APPEND") {
		a.at[fd] = appending
	}
	return nil
}

func (a *adder) seek(c call) error {
	fd, _, err := descriptor(c.args[0])
	if err != nil {
		return err
	}
	if a.at[fd] != appending {
		a.at[fd], err = number(c.result)
	}
	return err
}

// advance returns where a descriptor of a file stands, and moves it on.
func (a *adder) advance(c call, fd int, n *node, by int64) (int64, error) {
	at, known := a.at[fd]
	switch {
	case !known:
		return 0, fmt.Errorf("line %d: nobody knows where descriptor %d stands", c.end, fd)
	case at == appending:
		return int64(len(a.r.now.bytes[n])), nil
	}
	a.at[fd] += by
	return at, nil
}

// appended is a write where the descriptor stands.
func (a *adder) appended(c call, n *node, fd int) error {
	done, err := number(c.result)
	if err != nil {
		return err
	}
	at, err := a.advance(c, fd, n, done)
	if err != nil {
		return err
	}
	return a.written(c, n, at)
}

// copied is a copy from file to file, which takes its bytes from what the source
// holds now. A place of NULL is where the descriptor stands.
func (a *adder) copied(c call) error {
	in, placeIn, out, placeOut := c.args[0], c.args[1], "", "NULL"
	if c.name == "sendfile" {
		out, in, placeIn = c.args[0], c.args[1], c.args[2]
	} else {
		out, placeOut = c.args[2], c.args[3]
	}
	done, err := number(c.result)
	if err != nil {
		return err
	}
	_, path, err := descriptor(out)
	if err != nil {
		return err
	}
	_, _, to, ours := a.locate(path)
	from, at, err := a.end(c, in, placeIn, done)
	if err != nil || !ours || to == nil {
		return err // a copy to elsewhere moves the source's place only
	}
	if from == nil {
		return fmt.Errorf("line %d: %s from %s, which is not in the folder", c.end, c.name, in)
	}
	_, start, err := a.end(c, out, placeOut, done)
	if err != nil {
		return err
	}
	have := a.r.now.bytes[from]
	if at+done > int64(len(have)) {
		return fmt.Errorf("line %d copies %d bytes at %d of a file of %d", c.end, done, at, len(have))
	}
	a.op(c, to, write{to, start, append([]byte(nil), have[at:at+done]...)})
	return nil
}

// end is one end of a copy: its file, nil where that is not ours, and the place.
func (a *adder) end(c call, arg, place string, done int64) (*node, int64, error) {
	fd, path, err := descriptor(arg)
	if err != nil {
		return nil, 0, err
	}
	_, _, n, ours := a.locate(path)
	if !ours || n == nil {
		return nil, 0, nil
	}
	if place == "NULL" {
		at, err := a.advance(c, fd, n, done)
		return n, at, err
	}
	head, _, _ := strings.Cut(strings.TrimPrefix(place, "["), "]")
	at, err := number(head)
	return n, at, err
}
