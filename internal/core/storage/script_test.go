package storage

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/geometry"
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// script drives a torrent by hand and writes down its effects, one line each.
type script struct {
	*testing.T
	t     *Torrent
	now   mono.Instant
	lines []string
	claim Claim
	sync  Window

	suspects []Suspect
}

// newScript begins a torrent of pieces with so many blocks each, without a
// bound of memory, whose files are open for writing.
func newScript(t *testing.T, pieces, blocks int) *script {
	g := geometry.Geometry{
		TotalLength: int64(pieces*blocks) * geometry.BlockSize,
		PieceLength: int64(blocks) * geometry.BlockSize,
	}
	return scriptOf(t, Config{Geometry: g, Memory: &budget{bound: math.MaxInt64}, Files: FilesOpen})
}

func scriptOf(t *testing.T, c Config) *script {
	s := &script{T: t, t: New(c), now: mono.Instant(time.Second)}
	s.t.Begin(s.now, s)
	return s
}

// store stores a block and returns what it means.
func (s *script) store(i pieceset.Index, number uint32) BlockEvidence {
	begin, length := s.t.geometry.BlockBytes(geometry.Block{Piece: i, Number: number})
	return s.t.StoreBlock(s.now, Block{Piece: i, Begin: begin, Length: length, Sender: Sender(number + 1)}, s)
}

// bring stores blocks that must be welcome.
func (s *script) bring(i pieceset.Index, numbers ...uint32) {
	s.Helper()
	for _, n := range numbers {
		if e := s.store(i, n); e != BlockStored {
			s.Fatalf("block %d of piece %d is %d", n, i, e)
		}
	}
}

// expect compares the effects since the last expect.
func (s *script) expect(want ...string) {
	s.Helper()
	got := s.lines
	s.lines = nil
	if !slices.Equal(got, want) {
		s.Errorf("effects:\n  %s\nwant:\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// answer expects some effects, the last of which is a hash or a write, and
// answers that well.
func (s *script) answer(want ...string) {
	s.Helper()
	s.expect(want...)
	var r geometry.Run
	last := want[len(want)-1]
	if n, _ := fmt.Sscanf(last, "write %d+%d of %d", &r.First, &r.Count, &r.Piece); n == 3 {
		s.t.RunWritten(s.now, r, s)
		return
	}
	last = strings.TrimSuffix(last, " from file")
	if n, _ := fmt.Sscanf(last, "hash %d+%d of %d", &r.First, &r.Count, &r.Piece); n != 3 {
		s.Fatalf("no answer to %q", last)
	}
	e := HashAdvanced
	if r.First+r.Count == s.t.geometry.Blocks(r.Piece) {
		e = HashRight
	}
	s.t.Hashed(s.now, r.Piece, e, s)
}

// tick lets time pass to the next deadline and says how long that took.
func (s *script) tick() time.Duration {
	d := s.t.NextDeadline()
	span := d.Sub(s.now)
	if d == mono.Never {
		s.Fatal("no deadline")
	}
	s.now = d
	s.t.Tick(s.now, s)
	return span
}

// fetch takes whole pieces of one block to the file.
func (s *script) fetch(pieces ...pieceset.Index) {
	s.Helper()
	for _, i := range pieces {
		s.lines = nil
		s.bring(i, 0)
		s.answer(fmt.Sprintf("hash 0+1 of %d", i))
		s.answer(fmt.Sprintf("verified %d", i), fmt.Sprintf("write 0+1 of %d", i))
	}
}

func (s *script) note(format string, args ...any) {
	s.lines = append(s.lines, fmt.Sprintf(format, args...))
}

func (s *script) Hash(r HashRun) {
	from := ""
	if r.Source == FromFile {
		from = " from file"
	}
	s.note("hash %d+%d of %d%s", r.First, r.Count, r.Piece, from)
}

func (s *script) HashTogether(runs []HashRun) {
	line := "hash"
	for i, r := range runs {
		line += fmt.Sprintf([...]string{" %d+%d of %d", " with %d+%d of %d"}[min(i, 1)], r.First, r.Count, r.Piece)
	}
	s.note("%s", line)
}

func list(of *pieceset.Set) string {
	var out []string
	for i := range of.All() {
		out = append(out, fmt.Sprint(i))
	}
	return strings.Join(out, ",")
}

func (s *script) Claim(c Claim) {
	s.claim = c
	line := "claim " + list(c.Add)
	for _, p := range c.Partials {
		line += fmt.Sprintf(" part %d:%b", p.Piece, p.Blocks[0])
	}
	if !c.Trusted.IsEmpty() {
		line += " trusted " + list(c.Trusted)
	}
	if !c.Drop.IsEmpty() {
		line += " drop " + list(c.Drop)
	}
	s.note("%s", line)
}

func (s *script) Write(r geometry.Run)                   { s.note("write %d+%d of %d", r.First, r.Count, r.Piece) }
func (s *script) ReadPiece(i pieceset.Index)             { s.note("read %d", i) }
func (s *script) Release(i pieceset.Index, chunk uint32) { s.note("release chunk %d of %d", chunk, i) }
func (s *script) Forget(i pieceset.Index)                { s.note("forget %d", i) }
func (s *script) BeginWriting()                          { s.note("begin writing") }
func (s *script) Sync(w Window)                          { s.sync = w; s.note("sync %s", list(w.Pieces)) }
func (s *script) PieceVerified(i pieceset.Index)         { s.note("verified %d", i) }
func (s *script) PieceWritten(i pieceset.Index)          { s.note("written %d", i) }
func (s *script) PiecesDurable(of *pieceset.Set)         { s.note("durable %s", list(of)) }
func (s *script) PieceCorrupt(i pieceset.Index, d []Suspect) {

	s.suspects = d
	s.note("corrupt %d of %d suspects", i, len(d))

}
func (s *script) PieceDigested(i pieceset.Index, d []Digest) {
	s.note("digested %d, %d digests", i, len(d))
}
func (s *script) Digest(i pieceset.Index, m BlockSet) {
	s.note("digest %d, %d from memory", i, m.Count())
}
func (s *script) PiecesLost(of *pieceset.Set)   { s.note("lost %s", list(of)) }
func (s *script) CheckProgress(done, total int) { s.note("checked %d of %d", done, total) }
func (s *script) CheckEnded(good, bad int)      { s.note("check ended %d good %d bad", good, bad) }
func (s *script) Faulted(f Fault)               { s.note("fault %v", f) }
func (s *script) Stopped()                      { s.note("stopped") }
