package demo

import (
	"strings"
	"testing"
	"time"
)

// Each act's verdict holds for what should be seen, and fails for each fact that is
// otherwise, telling what was expected.
func TestAVerdictFailsForEachFactThatIsNotAsExpected(t *testing.T) {
	trading := Trading{Leechers: 4, Finished: 4, Size: 100, BySeeder: 120, ByLeechers: 290}
	crashes := Crashes{Leechers: 4, Finished: 4, Injected: 3, Seen: 3, Blow: 2, Back: []time.Duration{time.Second, 300 * time.Millisecond}, Least: 0.9}
	kills := Kills{Wanted: 2, Starts: []Start{{Told: 5, Claimed: 5, Right: 5}, {Told: 8, Claimed: 9, Right: 9}}, Leechers: 4, Finished: 4}
	lies := Lies{Liar: "127.0.0.2", Bans: []Ban{{"leecher 1", "127.0.0.2"}}, Corrupt: 1, Lost: 100, Leechers: 4, Finished: 4}
	for _, c := range []struct {
		name     string
		verdict  Verdict
		expected string // "": it holds
	}{
		{"trading", trading.Judge(), ""},
		{"one did not finish", with(trading, func(f *Trading) { f.Finished = 3 }).Judge(), "all 4 leechers to finish"},
		{"the seeder sent most", with(trading, func(f *Trading) { f.BySeeder, f.ByLeechers = 290, 120 }).Judge(), "more than the seeder"},
		{"bytes from nowhere", with(trading, func(f *Trading) { f.ByLeechers = 200 }).Judge(), "4 copies to be sent"},

		{"crashes", crashes.Judge(), ""},
		{"without the fault", Crashes{Leechers: 4, Finished: 4, Least: 1}.Judge(), ""},
		{"a crash that nobody made", Crashes{Leechers: 4, Finished: 4, Seen: 1, Least: 1}.Judge(), "0 crashes"},
		{"no crash at all", with(crashes, func(f *Crashes) { f.Seen = 0 }).Judge(), "3 crashes"},
		{"not back", with(crashes, func(f *Crashes) { f.Back = f.Back[:1] }).Judge(), "to come back"},
		{"back late", with(crashes, func(f *Crashes) { f.Back = []time.Duration{0, 3 * time.Second} }).Judge(), "within 2s"},
		{"a dip", with(crashes, func(f *Crashes) { f.Least = 0.3 }).Judge(), "above 50 %"},

		{"kills", kills.Judge(), ""},
		{"without kills", Kills{Leechers: 4, Finished: 4}.Judge(), ""},
		{"a claim that is wrong", kills.with(func(s *Start) { s.Right-- }).Judge(), "every claim to be right after kill 2"},
		{"a claim that is lost", kills.with(func(s *Start) { s.Lost = 1 }).Judge(), "1 of 8 are not"},
		{"a recheck", kills.with(func(s *Start) { s.Rechecked = 1 }).Judge(), "no piece to be checked again after kill 2"},
		{"nothing claimed", kills.with(func(s *Start) { s.Claimed, s.Right = 0, 0 }).Judge(), "some pieces to be claimed"},
		{"one kill only", with(kills, func(f *Kills) { f.Starts = f.Starts[:1] }).Judge(), "2 kills"},
		{"the child failed", with(kills, func(f *Kills) { f.Exit = 4 }).Judge(), "end with 0, not 4"},

		{"a liar", lies.Judge(), ""},
		{"without a liar", Lies{Leechers: 4, Finished: 4}.Judge(), ""},
		{"a liar that nobody found", with(lies, func(f *Lies) { f.Bans = nil }).Judge(), "127.0.0.2 to be banned"},
		{"an honest one is banned", with(lies, func(f *Lies) { f.Bans = append(f.Bans, Ban{"leecher 2", "127.0.0.1"}) }).Judge(), "leecher 2 banned 127.0.0.1"},
		{"a ban without a liar", Lies{Bans: []Ban{{"leecher 2", "127.0.0.1"}}}.Judge(), "nobody but the liar"},

		{"copies", judgeCopies([32]byte{1}, []copied{{"a", [32]byte{1}}}), ""},
		{"a copy that differs", judgeCopies([32]byte{1}, []copied{{"a", [32]byte{1}}, {"b", [32]byte{2}}}), "b to be the original"},
		{"no copies", judgeCopies([32]byte{1}, nil), "copies"},
	} {
		text := c.verdict.String()
		holds := strings.HasPrefix(text, "verdict: ") && c.verdict.Outcome == Holds
		fails := strings.HasPrefix(text, "VERDICT FAILS: expected ") && strings.Contains(text, "; seen: ") && c.verdict.Outcome == Fails
		if c.expected == "" && !holds || c.expected != "" && (!fails || !strings.Contains(c.verdict.Expected, c.expected)) {
			t.Errorf("%s: %s", c.name, text)
		}
	}
}

func with[T any](f T, change func(*T)) T {
	change(&f)
	return f
}

// with changes the last start.
func (k Kills) with(change func(*Start)) Kills {
	k.Starts = append([]Start{}, k.Starts...)
	change(&k.Starts[len(k.Starts)-1])
	return k
}

// flow is a history of a second-by-second rate.
func flow(begin time.Time, perSecond ...int64) *history {
	h, down := &history{}, int64(0)
	h.add(begin, 0, 0)
	for i, rate := range perSecond {
		for k := range 10 {
			down += rate / 10
			h.add(begin.Add(time.Duration(i)*time.Second+time.Duration(k+1)*100*time.Millisecond), down, 0)
		}
	}
	return h
}

func TestADipIsMeasuredWhileSomethingIsAwayAndNotAfterTheEnd(t *testing.T) {
	begin := time.Unix(1000, 0)
	at := begin.Add(2 * time.Second)
	for _, c := range []struct {
		name   string
		h      *history
		lo, hi float64
	}{
		{"even", flow(begin, 100, 100, 100, 100, 100, 100), 1, 1},
		{"a dip", flow(begin, 100, 100, 100, 40, 100, 100), 0.39, 0.41},
		{"it had ended", flow(begin, 100, 100, 100, 0, 0, 0), 1, 1},
		{"it had not begun", flow(begin, 0, 0, 100, 100, 100, 100), 1, 1},
	} {
		if got := c.h.dip(at); got < c.lo || got > c.hi {
			t.Errorf("%s: %.2f", c.name, got)
		}
	}
}
