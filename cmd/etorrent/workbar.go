package main

import (
	"fmt"
	"io"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
)

// redrawEvery bounds how often work is shown.
const redrawEvery = 100 * time.Millisecond

// workBar shows work of known size on the terminal behind stderr, so that stdout
// stays free for what comes of it.
type workBar struct {
	s     *session
	title string
	last  time.Time // of a drawing; zero while nothing is drawn
}

func newWorkBar(s *session, title string) *workBar { return &workBar{s: s, title: title} }

// show draws so many bytes done of all.
func (b *workBar) show(done, all int64) {
	now := b.s.host.now()
	if b.s.host.stderr.end == pipeEnd || b.s.out.people.mode == quietMode || now.Sub(b.last) < redrawEvery {
		return
	}
	b.last = now
	_, _ = fmt.Fprintf(b.s.host.stderr, "\r\x1b[K%s: %s of %s", b.title, amount.Size(done), amount.Size(all))
}

// clear takes the line away.
func (b *workBar) clear() {
	if !b.last.IsZero() {
		_, _ = io.WriteString(b.s.host.stderr, "\r\x1b[K")
	}
}
