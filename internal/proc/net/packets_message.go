package net

import (
	"sync"
	"sync/atomic"
)

const (
	// largestMessage is the room for what the kernel hands over as one, in bytes: more than a
	// packet of IP carries.
	largestMessage = 1 << 16
	// messageBytes is the memory of one, which begins at one of some places in it: what is
	// read in all would lie in a few lines of the processor's caches if all began alike.
	messageBytes = largestMessage + messagePlaces*messagePlace
	// messagePlaces is how many places there are, messagePlace is from one to the next.
	messagePlaces, messagePlace = 8, 1 << 10
	// keptMost is how many messages may be kept beside those that were read last, 4 MiB.
	keptMost = 64
	// trimEvery is after how many messages those are given back that nobody has needed since.
	trimEvery = 1 << 10
)

// Message is memory that the system wrote to at once, in which lent datagrams lie. Who is
// lent one of those may keep it beyond the next call of the Lender, which reads into another
// one then.
type Message struct {
	memory []byte
	home   *MessagePool
	next   *Message     // of those that are free
	users  atomic.Int32 // the Lender is one, until it is called again
}

// Bytes is the memory, 64 KiB.
func (m *Message) Bytes() []byte { return m.memory }

// Keep keeps the memory until Release is called as often. It says whether it may be kept:
// there may be too much of it. It is for who was lent a datagram that lies in it, until the
// Lender is called again.
func (m *Message) Keep() bool {
	if m.home.Kept() >= keptMost {
		return false
	}
	m.users.Add(1)
	return true
}

// Release gives up what was kept. It may be called from anywhere.
func (m *Message) Release() {
	if m.users.Add(-1) == 0 {
		m.home.put(m)
	}
}

// MessagePool is the memory of one Lender. It is a passive leaf: its lock guards a list.
type MessagePool struct {
	kept    atomic.Int32
	renewed int // the Lender's

	mu   sync.Mutex
	free *Message
	made int
	idle struct{ now, least int } // of those that are free: now, and since the last trim
}

// Kept is how many are kept that the Lender does not read into any more.
func (p *MessagePool) Kept() int { return int(p.kept.Load()) }

// Get returns one that nobody else uses.
func (p *MessagePool) Get() *Message {
	p.mu.Lock()
	defer p.mu.Unlock()
	m := p.free
	if m == nil {
		at := p.made % messagePlaces * messagePlace
		p.made++
		m = &Message{home: p, memory: make([]byte, messageBytes)[at : at+largestMessage : at+largestMessage]}
	} else {
		p.free, m.next = m.next, nil
		p.idle.now--
		p.idle.least = min(p.idle.least, p.idle.now)
	}
	m.users.Store(1)
	return m
}

// put takes one back that was kept.
func (p *MessagePool) put(m *Message) {
	p.kept.Add(-1)
	p.mu.Lock()
	defer p.mu.Unlock()
	m.next, p.free = p.free, m
	p.idle.now++
}

// Renew returns what to read into in the place of m: m itself, unless it is kept.
func (p *MessagePool) Renew(m *Message) *Message {
	if p.renewed++; p.renewed%trimEvery == 0 {
		p.trim()
	}
	p.kept.Add(1) // before who keeps it may put it back
	if m.users.Add(-1) > 0 {
		return p.Get()
	}
	p.kept.Add(-1)
	m.users.Store(1)
	return m
}

// trim frees those that nobody has needed since it was called last.
func (p *MessagePool) trim() {
	p.mu.Lock()
	defer p.mu.Unlock()
	for range p.idle.least {
		p.free = p.free.next
		p.idle.now--
	}
	p.idle.least = p.idle.now
}
