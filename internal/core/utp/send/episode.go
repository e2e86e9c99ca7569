package send

import "github.com/etorrent/etorrent/internal/vocab/serial"

// episode is one of loss, or none.
type episode struct {
	kind   EpisodeKind
	number uint32
	until  serial.Number // it ends when all before this one has arrived
	lost   int           // packets that were called lost in it, and had not arrived
}

// Episode is the one under way.
func (f *Flight) Episode() EpisodeKind { return f.episode.kind }

// blame notes a loss: it is one of the episode, or begins one.
func (f *Flight) blame(s *slot, out *Losses) {
	if f.episode.kind == NoEpisode {
		f.begin(LossEpisode, out)
	}
	f.episode.lost++
	s.episode = f.episode.number
}

func (f *Flight) begin(kind EpisodeKind, out *Losses) {
	f.episode = episode{kind: kind, number: f.episode.number + 1, until: f.next}
	out.Began = kind
}

// repaired notes that a probe took the place of a packet that was lost. Nobody would
// hear of the loss otherwise.
func (f *Flight) repaired(s *slot, out *Losses) {
	if f.forgive(s, out) == notBlamed {
		return
	}
	out.add(s)
	f.blame(s, out)
}

// disprove notes that a packet that was called lost, or was sent again, had arrived.
// One that timed out shows that the silence was but a delay; others take back a loss
// each, and the last of them the episode.
func (f *Flight) disprove(s *slot, out *Acknowledged) {
	out.Spurious++
	s.passed(out)
	switch {
	case s.state == timedOut || s.state == flying && s.again == forTimeout:
		if f.episode.kind == TimeoutEpisode {
			f.undo(out)
			f.restore()
		}
	case s.state == lost || s.again == forLoss:
		f.widen(s)
		if f.episode.kind == LossEpisode && s.episode == f.episode.number {
			f.acquit(out)
		}
	}
}

// acquit takes back a loss.
func (f *Flight) acquit(out *Acknowledged) {
	if f.episode.lost--; f.episode.lost == 0 {
		f.undo(out)
	}
}

// undo ends an episode in which nothing was lost.
func (f *Flight) undo(out *Acknowledged) {
	f.episode.kind = NoEpisode
	out.Ended = Undone
}

// widen makes the window for reordering larger, once for all that was sent until now.
func (f *Flight) widen(s *slot) {
	f.rack.path = reorders
	f.rack.kept = keptEpisodes
	if s.order > f.rack.widened {
		f.rack.widened = f.order
		f.rack.factor = min(f.rack.factor+1, maxFactor)
	}
}

// restore has the packets fly again that were taken for lost by a timeout.
func (f *Flight) restore() {
	open := f.sent.open
	for at := f.sent.head; at != open; {
		n, s := at.number(), f.at(at.number())
		at = s.after
		if s.state != timedOut {
			continue
		}
		f.lost.sub(s)
		f.unlink(n)
		s.state = flying
		f.flying.add(s)
		f.place(n, open)
	}
}

// place puts a packet among those that fly by the order of its sending, which is near
// the given one.
func (f *Flight) place(n serial.Number, at link) {
	order := f.at(n).order
	for at != none && f.at(at.number()).order < order {
		at = f.at(at.number()).after
	}
	for at != f.sent.open {
		before := f.sent.tail
		if at != none {
			before = f.at(at.number()).before
		}
		if f.at(before.number()).order < order {
			break
		}
		at = before
	}
	f.insert(n, at)
}

// close ends the episode if all has arrived that it was about.
func (f *Flight) close(out *Acknowledged) {
	if f.episode.kind == NoEpisode || f.una.Diff(f.episode.until) < 0 {
		return
	}
	f.episode.kind = NoEpisode
	out.Ended = Recovered
	if f.rack.kept--; f.rack.kept <= 0 {
		f.rack.factor = 1
	}
}
