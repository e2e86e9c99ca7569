package main

import (
	"fmt"
	"io"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/screen"
)

const (
	// redrawEvery bounds how often work is shown.
	redrawEvery = 100 * time.Millisecond
	// tellEvery is how often programs are told of it.
	tellEvery = time.Second
)

// workBar shows work of known size on the terminal behind stderr, so that stdout
// stays free for what comes of it, and tells programs of it.
type workBar struct {
	s      *session
	title  string
	object *jsonl.Hashing // what programs are told; nil: nothing
	last   time.Time      // of a drawing; zero while nothing is drawn
	told   time.Time      // when programs were, or the work began
}

func newWorkBar(s *session, title string) *workBar { return &workBar{s: s, title: title} }

// telling has programs told too, once a second.
func (b *workBar) telling(o jsonl.Hashing) *workBar {
	b.object, b.told = &o, b.s.host.now()
	return b
}

// show draws so many bytes done of all.
func (b *workBar) show(done, all int64) {
	now := b.s.host.now()
	if b.object != nil && now.Sub(b.told) >= tellEvery {
		b.told = now
		o := *b.object
		o.Done, o.Size = done, all
		b.s.out.tell(&o)
	}
	if b.s.host.stderr.end == pipeEnd || b.s.out.people.mode == quietMode || now.Sub(b.last) < redrawEvery {
		return
	}
	b.last = now
	width, _ := b.s.host.stderr.size()
	sizes := fmt.Sprintf(": %s of %s", amount.Size(done), amount.Size(all))
	_, _ = fmt.Fprintf(b.s.host.stderr, "\r%s\x1b[K", screen.Fit(screen.Fit(b.title, width-len(sizes))+sizes, width))
}

// clear takes the line away.
func (b *workBar) clear() {
	if !b.last.IsZero() {
		_, _ = io.WriteString(b.s.host.stderr, "\r\x1b[K")
	}
}
