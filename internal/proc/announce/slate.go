package announce

import (
	"sync"

	"github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// slate is what torrents write for the process to read, and the process for
// everybody. It is a passive leaf: its lock guards a map.
type slate struct {
	mu   sync.Mutex
	rows map[ident.TorrentID]*slateRow
	news []ident.TorrentID // of the rows that have some
}

// session counts the times that a torrent was begun after it had ended, so that what
// is said in one does not count in another.
type session uint64

// news is how far a torrent is.
type news struct {
	counters announce.Counters
	appetite announce.Appetite
}

// told is news and of what.
type told struct {
	id      ident.TorrentID
	session session
	news    news
}

type slateRow struct {
	session session
	life    slateLife
	said    saidEvidence
	news    news
	reports []announce.Report
}

type slateLife uint8

const (
	slateOpen slateLife = iota
	slateEnded
)

// saidEvidence says whether something was said in a session, and read.
type saidEvidence uint8

const (
	saidNothing saidEvidence = iota
	saidNews
	saidAndRead
)

func newSlate() *slate { return &slate{rows: map[ident.TorrentID]*slateRow{}} }

// begin begins a session, or goes on with the one that has not ended.
func (s *slate) begin(id ident.TorrentID) session {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rows[id]
	switch {
	case r == nil:
		r = &slateRow{session: 1}
		s.rows[id] = r
	case r.life == slateEnded:
		*r = slateRow{session: r.session + 1, reports: r.reports}
	}
	return r.session
}

// end ends a session; what was said in it stays to be read.
func (s *slate) end(id ident.TorrentID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rows[id]; r != nil {
		r.life = slateEnded
	}
}

// forget forgets a torrent, unless it was begun anew.
func (s *slate) forget(id ident.TorrentID) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rows[id]; r != nil && r.life == slateEnded {
		delete(s.rows, id)
	}
}

func (s *slate) note(id ident.TorrentID, n news) {
	s.mu.Lock()
	defer s.mu.Unlock()
	r := s.rows[id]
	if r == nil || r.life == slateEnded {
		return
	}
	if r.said != saidNews {
		s.news = append(s.news, id)
	}
	r.news, r.said = n, saidNews
}

// take returns all that was said and not read.
func (s *slate) take(into []told) []told {
	s.mu.Lock()
	defer s.mu.Unlock()
	into = into[:0]
	for _, id := range s.news {
		if r := s.rows[id]; r != nil && r.said == saidNews {
			r.said = saidAndRead
			into = append(into, told{id, r.session, r.news})
		}
	}
	s.news = s.news[:0]
	return into
}

// last is what was said last in a session, read or not; zero, and nothing, if there is
// nothing.
func (s *slate) last(id ident.TorrentID, of session) (news, saidEvidence) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rows[id]; r != nil && r.session == of {
		return r.news, r.said
	}
	return news{}, saidNothing
}

func (s *slate) post(id ident.TorrentID, reports []announce.Report) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rows[id]; r != nil {
		r.reports = reports
	}
}

func (s *slate) read(id ident.TorrentID) []announce.Report {
	s.mu.Lock()
	defer s.mu.Unlock()
	if r := s.rows[id]; r != nil {
		return r.reports
	}
	return nil
}
