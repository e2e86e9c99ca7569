package utp

import pnet "github.com/etorrent/etorrent/internal/proc/net"

// stretch is a part of the remote's stream as it lies in memory: as much as a chunk holds, or
// what packets brought that came as one message, whose payloads stand at equal distances.
type stretch struct {
	next  *stretch
	chunk *chunk // that it lies in; nil: in a message, or nowhere any more
	kept  lodging
	made  int // bytes; the process's
	shown int // of them that may be read; under the lock of the connection
}

// lodging is where payloads lie in a message.
type lodging struct {
	message *pnet.Message
	memory  []byte // from the first of them to the end of the message
	payload int    // bytes of each, but the last may be shorter
	stride  int    // from one to the next; unknown where there is one
}

// lodge is where the first payload lies.
func lodge(b []byte, in *pnet.Message) lodging {
	return lodging{message: in, memory: b[:cap(b)], payload: len(b)}
}

// extend says whether a payload stands behind those that there are, of so many bytes.
func (l *lodging) extend(b []byte, in *pnet.Message, made int) bool {
	if l.message != in || len(b) > l.payload || made%l.payload != 0 {
		return false
	}
	n, at := made/l.payload, cap(l.memory)-cap(b)
	if n == 1 && at >= l.payload {
		l.stride = at
	}
	return n*l.stride == at
}

// from is what stands together from a byte of the payloads on.
func (l *lodging) from(at int) []byte {
	n := at / l.payload
	at -= n * l.payload
	n *= l.stride
	return l.memory[n+at : min(n+l.payload, len(l.memory))]
}

// from is what stands together from a byte of the stretch on.
func (s *stretch) from(at int) []byte {
	if s.chunk != nil {
		return s.chunk.b[at:s.shown]
	}
	b := s.kept.from(at)
	return b[:min(len(b), s.shown-at)]
}

// release gives the memory up.
func (s *stretch) release(to *chunks) {
	if s.chunk != nil {
		to.put(s.chunk)
	}
	if s.kept.message != nil {
		s.kept.message.Release()
	}
	s.chunk, s.kept = nil, lodging{}
}

// lentIn is the message that a payload may be kept in, of the packet that the process has in
// its hands; nil: it is to be copied.
func (x *process) lentIn(b []byte) *pnet.Message {
	if p := x.step.packet.Payload; len(p) > 0 && &b[0] == &p[0] {
		return x.step.lentIn
	}
	return nil
}
