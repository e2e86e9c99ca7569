package ipfilter

import (
	"bufio"
	"bytes"
	"cmp"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"slices"
)

const (
	// MaxRanges bounds the ranges of a list, when those that touch are one: 40 MB. One
	// of IPv6 counts as four of IPv4.
	MaxRanges = 5_000_000
	weight6   = 4
	// maxBytes bounds the text of a list, unpacked.
	maxBytes = 1 << 30
	// lineBytes bounds a line.
	lineBytes = 4096
	// firstRoom is how many ranges there is room for at first.
	firstRoom = 1024
)

// Errors of a list as a whole.
var (
	ErrTooManyRanges = fmt.Errorf("the list has more than %d ranges, of which one of IPv6 counts as four", MaxRanges)
	ErrTooLong       = fmt.Errorf("the list has more than %d bytes", maxBytes)
)

// Error says which line of a list cannot be used, and why.
type Error struct {
	Line int // from 1 on
	Err  error
}

// Error names the line.
func (e *Error) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the reason.
func (e *Error) Unwrap() error { return e.Err }

// Parse reads a list, to its end. A list of which one line cannot be read is refused
// as a whole, by an *Error: half a list would let in whom it was to keep out.
func Parse(r io.Reader) (*Table, error) {
	in := bufio.NewReaderSize(r, 64<<10)
	if magic, _ := in.Peek(2); bytes.Equal(magic, []byte{0x1f, 0x8b}) {
		unzipped, err := gzip.NewReader(in)
		if err != nil {
			return nil, err
		}
		in = bufio.NewReaderSize(unzipped, 64<<10)
	}
	b := builder{max: MaxRanges}
	if err := b.readAll(in); err != nil {
		return nil, err
	}
	return b.table()
}

// builder collects the ranges of a list.
type builder struct {
	t    Table
	room int // the weight at which they are merged the next time
	max  int // weight of all
}

func (b *builder) readAll(in *bufio.Reader) error {
	left := maxBytes
	for line := 1; ; line++ {
		text, err := in.ReadSlice('\n')
		if left -= len(text); left < 0 {
			return ErrTooLong
		}
		if line == 1 {
			text = bytes.TrimPrefix(text, []byte("\xef\xbb\xbf"))
		}
		switch {
		case len(text) > lineBytes, errors.Is(err, bufio.ErrBufferFull):
			return &Error{line, fmt.Errorf("it has more than %d bytes", lineBytes)}
		case err != nil && err != io.EOF:
			return &Error{line, err}
		}
		if wrong := b.line(text); wrong != nil {
			return &Error{line, wrong}
		}
		if err == io.EOF {
			return nil
		}
	}
}

// line takes one line.
func (b *builder) line(text []byte) error {
	e, err := viewLine(text)
	if err != nil {
		return err
	}
	switch e := e.(type) {
	case comment, permitted:
	case blocked4:
		b.t.four = append(b.t.four, span[uint32](e))
	case blocked6:
		b.t.six = append(b.t.six, span[wide](e))
	}
	return b.makeRoom()
}

// makeRoom merges the ranges whenever they are twice as many as after the last time,
// so that a list which repeats itself takes no more than what it says.
func (b *builder) makeRoom() error {
	if b.weight() < b.room {
		return nil
	}
	b.merge()
	if b.weight() > b.max {
		return ErrTooManyRanges
	}
	b.room = min(max(firstRoom, 2*b.weight()), b.max+b.max/4)
	return nil
}

// weight is how many ranges there are, in those of IPv4.
func (b *builder) weight() int { return len(b.t.four) + weight6*len(b.t.six) }

func (b *builder) merge() {
	b.t.four = merge(b.t.four, cmp.Compare[uint32], after4)
	b.t.six = merge(b.t.six, compareWide, after6)
}

func (b *builder) table() (*Table, error) {
	b.merge()
	if b.weight() > b.max {
		return nil, ErrTooManyRanges
	}
	return &Table{four: slices.Clone(b.t.four), six: slices.Clone(b.t.six)}, nil
}
