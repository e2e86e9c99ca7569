package utptrace_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/utptrace"
)

const (
	headLine = `{"v":1,"event":"trace","title":"t","interval_us":100000}`
	flowLine = `{"v":1,"event":"flow","at_us":0,"flow":1,"name":"a"}`
)

// records draws what can stand behind a head and the name of flow 1.
func records() *rapid.Generator[utptrace.Record] {
	return rapid.Custom(func(t *rapid.T) utptrace.Record {
		at := time.Duration(rapid.Int64Range(0, 1<<40).Draw(t, "at")) * time.Microsecond
		span := rapid.Map(rapid.Int64Range(0, 1<<32), func(n int64) time.Duration { return time.Duration(n) * time.Microsecond })
		number := rapid.OneOf(rapid.Just[uint64](0), rapid.Uint64())
		switch rapid.IntRange(0, 2).Draw(t, "kind") {
		case 0:
			return utptrace.Link{At: at, Queued: span.Draw(t, "q"), Most: span.Draw(t, "m"), Dropped: number.Draw(t, "d"), Lost: number.Draw(t, "l")}
		case 1:
			return utptrace.Mark{
				At: at, Flow: 1, Kind: utptrace.MarkKind(rapid.IntRange(0, int(utptrace.Gap)).Draw(t, "mark")), Packets: number.Draw(t, "p"),
				Lines: number.Draw(t, "n"), Reason: rapid.StringMatching(`[a-z <>&"\\]{0,20}`).Draw(t, "reason"),
			}
		}
		return utptrace.Sample{
			At: at, Flow: 1, Stage: utptrace.Stage(rapid.IntRange(0, int(utptrace.Ending)).Draw(t, "stage")), Window: number.Draw(t, "w"),
			Flying: number.Draw(t, "f"), Rate: number.Draw(t, "r"), RTT: span.Draw(t, "rtt"), Queued: span.Draw(t, "q"), Base: span.Draw(t, "b"),
			Target: span.Draw(t, "t"), Acked: number.Draw(t, "a"), Lost: number.Draw(t, "l"), Timeouts: number.Draw(t, "to"),
			Packet: number.Draw(t, "p"), Remote: number.Draw(t, "rem"), Unsent: number.Draw(t, "u"),
		}
	})
}

// begun is a parser behind a head and the name of flow 1.
func begun(t rapid.TB) *utptrace.Parser {
	var p utptrace.Parser
	for _, line := range []string{headLine, flowLine} {
		if _, err := p.Parse([]byte(line)); err != nil {
			t.Fatal(err)
		}
	}
	return &p
}

func TestWhatIsWrittenIsRead(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		want := records().Draw(t, "record")
		line := utptrace.Append(nil, want)
		got, err := begun(t).Parse(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil || got != want {
			t.Fatalf("%s became %+v, %v", line, got, err)
		}
		for cut := range len(line) - 2 {
			if got, err := begun(t).Parse(line[:cut]); cut > 0 && err == nil {
				t.Fatalf("%s became %+v", line[:cut], got)
			}
		}
	})
	var p utptrace.Parser
	for _, want := range []utptrace.Record{
		utptrace.Head{Title: `a "b" <c>`, Interval: time.Second}, utptrace.Flow{At: time.Minute, Number: 64, Name: "é", Control: "ledbat++"},
	} {
		line := utptrace.Append(nil, want)
		if got, err := p.Parse(bytes.TrimSuffix(line, []byte("\n"))); err != nil || got != want {
			t.Errorf("%s became %+v, %v", line, got, err)
		}
	}
}

func TestWhatIsWrongWithALineIsToldByItsNumber(t *testing.T) {
	for _, c := range []struct{ lines, want string }{
		{``, "line 1 is no JSON object"},
		{`{"v":1,"event":"sample","at_us":0,"flow":1}`, "line 1 is not the first one of a trace of uTP"},
		{`[1]`, "line 1 is no JSON object"},
		{`{"v":2,"event":"trace"}`, "line 1 has version 2, and only 1 is known"},
		{headLine + "\n" + headLine, "line 2 is the first one of another trace"},
		{headLine + "\n" + `{"v":1,"event":"sample","at_us":0,"flow":1}`, "line 2 has flow 1, which no line before it names"},
		{headLine + "\n" + flowLine + "\n" + flowLine, "line 3 names flow 1 a second time"},
		{headLine + "\n" + `{"v":1,"event":"flow","at_us":0,"flow":65}`, "line 2 has flow 65, which is not from 1 to 64"},
		{headLine + "\n" + `{"v":1,"event":"flow","at_us":0}`, "line 2 has flow 0, which is not from 1 to 64"},
		{headLine + "\n" + `{"v":1,"event":"link"}`, "line 2 has no at_us"},
		{headLine + "\n" + `{"v":1,"event":"link","at_us":-1}`, "line 2 has number -1 as at_us"},
		{headLine + "\n" + `{"v":1,"event":"link","at_us":1.5}`, "line 2 has number 1.5 as at_us"},
		{headLine + "\n" + `{"v":1,"event":"link","at_us":9999999999999999}`, "line 2 has an at_us beyond 1000h0m0s"},
		{headLine + "\n" + `{"v":1,"event":"link","at_us":5}` + "\n" + `{"v":1,"event":"link","at_us":4}`, "line 3 is earlier than the one of the link before it"},
		{headLine + "\n" + flowLine + "\n" + `{"v":1,"event":"lost","at_us":5,"flow":1}` + "\n" + `{"v":1,"event":"sample","at_us":4,"flow":1}`, "line 4 is earlier than the one of its flow before it"},
		{headLine + "\n" + flowLine + "\n" + `{"v":1,"event":"sample","at_us":4,"flow":1,"stage":"odd"}`, "line 3 has an unknown stage"},
		{headLine + "\n" + strings.Repeat(" ", utptrace.MaxLine+1), "line 2 is longer than 4096 bytes"},
	} {
		var p utptrace.Parser
		var err error
		for line := range strings.SplitSeq(c.lines, "\n") {
			if _, err = p.Parse([]byte(line)); err != nil {
				break
			}
		}
		var fault *utptrace.FaultError
		if !errors.As(err, &fault) || err.Error() != c.want {
			t.Errorf("%s: %v, want %s", c.lines, err, c.want)
		}
	}
}

func TestEventsAndFieldsThatMayComeArePassedOver(t *testing.T) {
	for _, line := range []string{``, `{"v":1,"event":"more","at_us":1}`} {
		if got, err := begun(t).Parse([]byte(line)); got != nil || err != nil {
			t.Errorf("%q: %v, %v", line, got, err)
		}
	}
	got, err := begun(t).Parse([]byte(`{"v":1,"event":"sample","at_us":7,"flow":1,"window":3,"more":[{}]}`))
	if want := (utptrace.Sample{At: 7 * time.Microsecond, Flow: 1, Window: 3}); got != want || err != nil {
		t.Errorf("%+v, %v", got, err)
	}
}

func TestNamesCanBeShown(t *testing.T) {
	var p utptrace.Parser
	r, err := p.Parse([]byte(`{"v":1,"event":"trace","title":"\u001b[31m` + strings.Repeat("é", 1000) + `"}`))
	if h, is := r.(utptrace.Head); err != nil || !is || len(h.Title) > utptrace.MaxName || !strings.HasPrefix(h.Title, `\x1b[31mé`) || !strings.HasSuffix(h.Title, "é") {
		t.Errorf("%+v, %v", r, err)
	}
}

func TestSamplesAndMarksTakeNoMemory(t *testing.T) {
	room := make([]byte, 0, 1024)
	s := utptrace.Sample{At: time.Second, Flow: 1, Stage: utptrace.Steady, Window: 1 << 40, Acked: 1 << 60}
	m := utptrace.Mark{At: time.Second, Flow: 1, Kind: utptrace.Lost, Packets: 3}
	if n := testing.AllocsPerRun(100, func() { utptrace.AppendMark(utptrace.AppendSample(room, &s), &m) }); n > 0 {
		t.Errorf("%v allocations", n)
	}
}

func FuzzTrace(f *testing.F) {
	fuzzseed.Add(f)
	f.Add([]byte(headLine + "\n" + flowLine + "\n" + `{"v":1,"event":"sample","at_us":4,"flow":1,"stage":"steady","window":7}` + "\n"))
	f.Add(utptrace.Append(utptrace.Append(utptrace.Append(utptrace.Append([]byte(headLine+"\n"+flowLine+"\n"),
		utptrace.Link{At: 5000, Queued: 1000, Dropped: 1}),
		utptrace.Mark{At: 5000, Flow: 1, Kind: utptrace.Lost, Packets: 1}),
		utptrace.Mark{At: 6000, Flow: 1, Kind: utptrace.Gap, Lines: 1}),
		utptrace.Mark{At: 7000, Flow: 1, Kind: utptrace.Closed, Reason: "x"}))
	f.Fuzz(func(t *testing.T, in []byte) {
		var p utptrace.Parser
		var out []byte
		for line := range bytes.SplitSeq(in, []byte("\n")) {
			r, err := p.Parse(line)
			if err != nil {
				break
			}
			if r != nil {
				out = utptrace.Append(out, r)
			}
		}
		var again utptrace.Parser
		for line := range bytes.SplitSeq(bytes.TrimSuffix(out, []byte("\n")), []byte("\n")) {
			if r, err := again.Parse(line); len(out) > 0 && (err != nil || r == nil) {
				t.Fatalf("%s: %v", line, err)
			}
		}
	})
}
