package demo

import (
	"crypto/sha256"
	"fmt"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
)

// Outcome says whether a verdict holds.
type Outcome uint8

// The two.
const (
	Holds Outcome = iota
	Fails
)

// Verdict is what an act showed. Expected is told where it does not hold.
type Verdict struct {
	Outcome  Outcome
	Seen     string
	Expected string
}

// String is the verdict for people.
func (v Verdict) String() string {
	if v.Outcome == Fails {
		return fmt.Sprintf("VERDICT FAILS: expected %s; seen: %s.", v.Expected, v.Seen)
	}
	return "verdict: " + v.Seen + "."
}

// expect compares what was seen with what is expected.
type expect struct {
	outcome Outcome
	missing string
}

// that takes one expectation; the first that is not met is told.
func (e *expect) that(met outcomeOf, format string, args ...any) {
	if met == unmet && e.outcome == Holds {
		e.outcome, e.missing = Fails, fmt.Sprintf(format, args...)
	}
}

func (e *expect) verdict(format string, args ...any) Verdict {
	return Verdict{Outcome: e.outcome, Seen: fmt.Sprintf(format, args...), Expected: e.missing}
}

// outcomeOf says whether one expectation is met.
type outcomeOf uint8

const (
	met outcomeOf = iota
	unmet
)

func atLeast[T int | int64 | float64 | time.Duration](n, least T) outcomeOf {
	if n < least {
		return unmet
	}
	return met
}

func equal[T comparable](a, b T) outcomeOf {
	if a != b {
		return unmet
	}
	return met
}

// Trading is what the first act counted, in bytes.
type Trading struct {
	Leechers, Finished         int
	Size, BySeeder, ByLeechers int64
}

// Judge expects that those who fetch give each other most of it.
func (t Trading) Judge() Verdict {
	var e expect
	e.that(equal(t.Finished, t.Leechers), "all %d leechers to finish", t.Leechers)
	e.that(atLeast(t.ByLeechers, t.BySeeder), "the leechers to send more than the seeder")
	e.that(atLeast(t.BySeeder+t.ByLeechers, t.Size*int64(t.Leechers)), "%d copies to be sent by somebody", t.Leechers)
	copies := func(n int64) float64 { return float64(n) / float64(t.Size) }
	return e.verdict("%d of %d leechers have everything; the seeder sent %.2f copies, the leechers sent each other %.2f (%.0f %%)",
		t.Finished, t.Leechers, copies(t.BySeeder), copies(t.ByLeechers), 100*float64(t.ByLeechers)/float64(max(1, t.BySeeder+t.ByLeechers)))
}

// Crashes is what the second act saw. Injected and Seen count panics; Back says how
// long what crashed was away, by blow. Least is the lowest rate of any other leecher
// around a blow, as a share of its rate before.
type Crashes struct {
	Leechers, Finished   int
	Injected, Seen, Blow int
	Back                 []time.Duration
	Least                float64
}

const (
	// backWithin is how long what crashed may be away.
	backWithin = 2 * time.Second
	// dipBelow is the share of its rate before below which a rate dips. Machines that
	// do other work make rates of half a second uneven.
	dipBelow = 0.5
)

// Judge expects that nobody else notices, and that all comes back by itself.
func (c Crashes) Judge() Verdict {
	var e expect
	e.that(equal(c.Finished, c.Leechers), "all %d leechers to finish", c.Leechers)
	e.that(equal(c.Seen, c.Injected), "%d crashes, those that were injected", c.Injected)
	e.that(equal(len(c.Back), c.Blow), "what crashed to come back")
	longest := time.Duration(0)
	for _, b := range c.Back {
		longest = max(longest, b)
	}
	e.that(atLeast(backWithin, longest), "what crashed to be back within %v", backWithin)
	if c.Injected == 0 {
		return e.verdict("nothing was made to panic, %d processes crashed, %d of %d leechers have everything", c.Seen, c.Finished, c.Leechers)
	}
	e.that(atLeast(c.Least, dipBelow), "the rates of the others to stay above %.0f %%", 100*dipBelow)
	return e.verdict("%d of %d panics were contained; what crashed was back within %.1f s; the others kept %.0f %% of their rates at least; %d of %d leechers have everything",
		c.Seen, c.Injected, longest.Seconds(), 100*c.Least, c.Finished, c.Leechers)
}

// Kills is what the third act saw: one start of the child after each kill.
type Kills struct {
	Wanted             int // kills
	Starts             []Start
	Exit               int // of the last run
	Leechers, Finished int
}

// Start is a start after a kill, in pieces: those that were told durable before, those
// of them that are not claimed, those claimed, those of them that are right on the
// disk, and those that were read again.
type Start struct{ Told, Lost, Claimed, Right, Rechecked int }

// Judge expects that every claim is right, and none has to be checked.
func (k Kills) Judge() Verdict {
	var e expect
	e.that(equal(k.Exit, 0), "the child to end with 0, not %d", k.Exit)
	e.that(equal(k.Finished, k.Leechers), "all %d leechers to finish", k.Leechers)
	e.that(equal(len(k.Starts), k.Wanted), "%d kills", k.Wanted)
	var words string
	for i, s := range k.Starts {
		e.that(atLeast(s.Claimed, 1), "some pieces to be claimed after kill %d", i+1)
		e.that(equal(s.Lost, 0), "every piece that was told durable to be claimed after kill %d, and %d of %d are not", i+1, s.Lost, s.Told)
		e.that(equal(s.Right, s.Claimed), "every claim to be right after kill %d", i+1)
		e.that(equal(s.Rechecked, 0), "no piece to be checked again after kill %d", i+1)
		words += fmt.Sprintf("after kill %d: %s claimed, %d right, %d rechecked; ", i+1, amount.Count(s.Claimed, "piece"), s.Right, s.Rechecked)
	}
	if k.Wanted == 0 {
		words = fmt.Sprintf("the child was not killed and started again %s; ", amount.Count(len(k.Starts), "time"))
	}
	return e.verdict("%sit ended with %d, and %d of %d leechers have everything", words, k.Exit, k.Finished, k.Leechers)
}

// Lies is what the fourth act saw. Lost is bytes that were fetched for nothing.
type Lies struct {
	Liar               string // where it listens; empty: nobody lies
	Bans               []Ban
	Corrupt            int // pieces
	Lost               int64
	Leechers, Finished int
}

// Ban is of one address, by a leecher.
type Ban struct{ By, Of string }

// Judge expects that the liar is found, and nobody else.
func (l Lies) Judge() Verdict {
	var e expect
	e.that(equal(l.Finished, l.Leechers), "all %d leechers to finish", l.Leechers)
	by := map[string]int{}
	for _, b := range l.Bans {
		by[b.By]++
		e.that(equal(b.Of, l.Liar), "nobody but the liar to be banned, and %s banned %s", b.By, b.Of)
	}
	if l.Liar == "" {
		e.that(equal(l.Corrupt, 0), "no corrupt piece")
		return e.verdict("nobody lied, %s, %s; %d of %d leechers have everything",
			amount.Count(len(l.Bans), "ban"), amount.Count(l.Corrupt, "corrupt piece"), l.Finished, l.Leechers)
	}
	e.that(atLeast(len(by), 1), "%s to be banned", l.Liar)
	return e.verdict("%s lied and is banned by %d of %d leechers, nobody else is; %s, %s fetched for nothing; %d of %d leechers have everything",
		l.Liar, len(by), l.Leechers, amount.Count(l.Corrupt, "corrupt piece"), amount.Size(l.Lost), l.Finished, l.Leechers)
}

// judgeCopies expects that all copies are the original.
func judgeCopies(original [sha256.Size]byte, all []copied) Verdict {
	var e expect
	e.that(atLeast(len(all), 1), "copies")
	same := 0
	for _, c := range all {
		e.that(equal(c.sum, original), "%s to be the original", c.who)
		if c.sum == original {
			same++
		}
	}
	return e.verdict("%d of %d copies are equal to the original, SHA-256 %x", same, len(all), original)
}
