package disk

import (
	"fmt"
	"slices"

	core "github.com/etorrent/etorrent/internal/core/storage"
	"github.com/etorrent/etorrent/internal/leaf/sha1many"
)

// job is work that may block. It runs on a worker; its result is applied by the
// loop.
type job interface {
	// work does the job; it holds no state of the loop.
	work() result
	// discard gives back what a job holds that ends in a panic.
	discard()
}

// result is what a job gave.
type result interface {
	// apply feeds the result to the state it belongs to.
	apply(x *process)
	// discard gives back what the result holds, when nobody applies it.
	discard()
}

// crew is a number of linked workers with a queue that the loop owns.
type crew struct {
	x       *process
	jobs    chan job
	waiting []job
	busy    int
	workers int
	written []*open // torrents that a worker writes to
	places  []int   // room for those of waiting jobs
}

// newCrew starts the workers.
func newCrew(x *process, name string, workers int) *crew {
	c := &crew{x: x, jobs: make(chan job, workers), workers: workers}
	for i := range workers {
		x.p.Go(fmt.Sprintf("%s worker %d", name, i), c.labour)
	}
	return c
}

// give queues a job. It never blocks: a worker is free for every job that it
// sends.
func (c *crew) give(j job) {
	if c.busy == c.workers || c.mustWait(j) {
		c.waiting = append(c.waiting, j)
		return
	}
	c.busy++
	c.send(j)
}

// ended notes that a worker is free again, and what it did.
func (c *crew) ended(r result) {
	if w, is := r.(*writeJob); is {
		n := slices.Index(c.written, w.t)
		c.written = slices.Delete(c.written, n, n+1)
	}
	if n := slices.IndexFunc(c.waiting, func(j job) bool { return !c.mustWait(j) }); n >= 0 {
		c.send(c.take(n))
		return
	}
	c.busy--
}

func (c *crew) send(j job) {
	if w, is := j.(*writeJob); is {
		c.written = append(c.written, w.t)
	}
	c.jobs <- j
}

// mustWait says whether another worker writes to the torrent. Only one does at a
// time: a file lets one in, and a second one would spin before it.
func (c *crew) mustWait(j job) bool {
	w, is := j.(*writeJob)
	return is && slices.Contains(c.written, w.t)
}

// take takes out waiting job n, and with a hash others that wait: more at once cost little
// more.
func (c *crew) take(n int) job {
	first := c.waiting[n]
	at := c.alike(first)
	if len(at) < 2 {
		c.waiting = slices.Delete(c.waiting, n, n+1)
		return first
	}
	j := c.x.togetherJob()
	for _, n := range at {
		j.add(c.waiting[n].(*hashJob))
		c.waiting[n] = nil
	}
	c.waiting = slices.DeleteFunc(c.waiting, func(j job) bool { return j == nil })
	return j
}

// alike is where those wait that are best done at once with a job; none but for a hash of
// what is in memory.
func (c *crew) alike(first job) []int {
	a := hashOfMemory(first)
	if a == nil {
		return nil
	}
	at := c.places[:0]
	for n, j := range c.waiting {
		if b := hashOfMemory(j); b != nil && b.atOnce == a.atOnce {
			at = append(at, n)
		}
	}
	c.places = at
	return at[:min(a.atOnce, sha1many.Of(len(at)))]
}

// hashOfMemory is a job that hashes what is in memory; nil if it does something else.
func hashOfMemory(j job) *hashJob {
	if h, is := j.(*hashJob); is && h.run.Source == core.FromMemory {
		return h
	}
	return nil
}

// labour is a worker.
func (c *crew) labour() error {
	for {
		select {
		case <-c.x.p.Stopping():
			return nil
		case j := <-c.jobs:
			c.do(j)
		}
	}
}

// jobLabel tells a worker's hook points from the loop's.
const jobLabel = "job"

// do does a job and leaves its result for the loop, or gives back what it holds
// where it panics.
func (c *crew) do(j job) {
	var held interface{ discard() } = j
	defer func() {
		if held != nil {
			held.discard()
		}
	}()
	c.x.p.Receive(jobLabel)
	c.x.p.Step(jobLabel)
	r := j.work()
	held = r
	c.x.p.Act(jobLabel)
	held = nil
	c.x.done.put(finished{crew: c, result: r})
}

// finished is a result with the crew that has a free worker now.
type finished struct {
	crew   *crew
	result result
}

func (f finished) apply(x *process) {
	f.crew.ended(f.result)
	f.result.apply(x)
}

func (f finished) discard() { f.result.discard() }
