package utp_test

import (
	"bytes"
	"errors"
	"io"
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/utptrace"
	"github.com/etorrent/etorrent/sup"
	"github.com/etorrent/etorrent/utp"
)

// traced is what a trace says of each flow.
type traced struct {
	flow    utptrace.Flow
	samples []utptrace.Sample
	marks   []utptrace.Mark
	at      time.Duration // of the last line
}

// readTrace reads a trace, and looks that no time goes back.
func readTrace(t *testing.T, text []byte) (utptrace.Head, map[int]*traced) {
	t.Helper()
	var p utptrace.Parser
	var head utptrace.Head
	flows := map[int]*traced{}
	at := func(flow int, at time.Duration) *traced {
		f := flows[flow]
		if f == nil || at < f.at {
			t.Fatalf("flow %d at %v: %+v", flow, at, f)
		}
		f.at = at
		return f
	}
	for line := range bytes.Lines(text) {
		r, err := p.Parse(bytes.TrimSuffix(line, []byte("\n")))
		if err != nil {
			t.Fatalf("%s%v", line, err)
		}
		switch r := r.(type) {
		case utptrace.Head:
			head = r
		case utptrace.Flow:
			flows[r.Number] = &traced{flow: r, at: r.At}
		case utptrace.Sample:
			f := at(r.Flow, r.At)
			f.samples = append(f.samples, r)
		case utptrace.Mark:
			f := at(r.Flow, r.At)
			f.marks = append(f.marks, r)
		case utptrace.Link:
			t.Error("a link is known in simulations only")
		}
	}
	return head, flows
}

func (f *traced) kinds() (out []utptrace.MarkKind) {
	for _, m := range f.marks {
		out = append(out, m.Kind)
	}
	return out
}

func TestATraceTellsOfEachConnectionFromBeginToEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var text bytes.Buffer
		from, to := b.socket(left, utp.Trace(&text, 10*time.Millisecond)), b.socket(right)
		data := stream(3 << 20)
		for range 2 {
			one, other := connect(t, from, to, right+":6881")
			go func() {
				writes(t, one, data)
				_ = one.Close()
			}()
			reads(t, other, data)
			_ = other.Close()
			<-one.Done()
		}
		if err := from.Close(); err != nil {
			t.Fatal(err)
		}
		head, flows := readTrace(t, text.Bytes())
		if head.Interval != 10*time.Millisecond || len(flows) != 2 {
			t.Fatalf("%+v, %d flows", head, len(flows))
		}
		for n, f := range flows {
			if f.flow.Name != right+":6881" || f.flow.Control != "ledbat++" || len(f.samples) < 10 {
				t.Errorf("flow %d: %+v, %d samples", n, f.flow, len(f.samples))
			}
			if kinds := f.kinds(); kinds[0] != utptrace.Connected || kinds[len(kinds)-1] != utptrace.Closed || slices.Contains(kinds, utptrace.Gap) {
				t.Errorf("flow %d: %v", n, kinds)
			}
			if end := f.marks[len(f.marks)-1]; end.Reason != "finished" {
				t.Errorf("flow %d ended: %s", n, end.Reason)
			}
			if last := f.samples[len(f.samples)-1]; last.Acked != uint64(len(data)) || last.Stage != utptrace.Ending {
				t.Errorf("flow %d, of %d bytes: %+v", n, len(data), last)
			}
		}
	})
}

// What a socket has when it is closed ends in its trace too, and who was accepted is in one.
func TestATraceTellsHowAConnectionEndedThatTheSocketEnded(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var text bytes.Buffer
		to := b.socket(right, utp.Trace(&text, time.Second), utp.Linger(0))
		one, other := connect(t, b.socket(left), to, right+":6881")
		writes(t, one, []byte("question"))
		reads(t, other, []byte("question"))
		if err := to.Close(); err != nil {
			t.Fatal(err)
		}
		_, flows := readTrace(t, text.Bytes())
		if f := flows[1]; f == nil || f.flow.Name != left+":6881" || !slices.Equal(f.kinds(), []utptrace.MarkKind{utptrace.Connected, utptrace.Closed}) || f.marks[1].Reason != "aborted" {
			t.Errorf("%+v", f)
		}
	})
}

func TestATraceHasTheFirstConnectionsOfMany(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var text bytes.Buffer
		from, to := b.socket(left, utp.Trace(&text, time.Second)), b.socket(right)
		for range utptrace.MaxFlows + 3 {
			one, other := connect(t, from, to, right+":6881")
			_, _ = one.Abort(), other.Abort()
		}
		if err := from.Close(); err != nil {
			t.Fatal(err)
		}
		if _, flows := readTrace(t, text.Bytes()); len(flows) != utptrace.MaxFlows {
			t.Errorf("%d flows", len(flows))
		}
	})
}

// blocked is a writer whose first call takes as long as it is held.
type blocked struct {
	bytes.Buffer
	calls int
	hold  chan struct{}
}

func (w *blocked) Write(b []byte) (int, error) {
	if w.calls++; w.calls == 1 {
		<-w.hold
	}
	return w.Buffer.Write(b)
}

// ofUntaken is what is written at once where a trace is not taken.
var ofUntaken = stream(1000)

// untaken is a connection over which ofUntaken went 3,000 times while nobody took its trace.
func untaken(t *testing.T, b *bubble) (w *blocked, from *utp.Socket, one, other *utp.Conn) {
	t.Helper()
	w = &blocked{hold: make(chan struct{})}
	from = b.socket(left, utp.Trace(w, time.Millisecond))
	one, other = connect(t, from, b.socket(right), right+":6881")
	for range 3000 {
		writes(t, one, ofUntaken)
		reads(t, other, ofUntaken)
	}
	return w, from, one, other
}

func TestATraceThatCannotBeWrittenNowHoldsNobodyUpAndSaysWhatIsMissing(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		w, from, one, other := untaken(t, b)
		synctest.Wait()
		if w.calls != 1 || w.Len() > 0 {
			t.Fatalf("%d calls, %d bytes", w.calls, w.Len())
		}
		close(w.hold)
		time.Sleep(time.Minute)
		writes(t, one, ofUntaken)
		reads(t, other, ofUntaken)
		_, _ = one.Close(), other.Close()
		<-one.Done()
		if err := from.Close(); err != nil {
			t.Fatal(err)
		}
		_, flows := readTrace(t, w.Bytes())
		kinds := flows[1].kinds()
		if gap := slices.Index(kinds, utptrace.Gap); gap < 0 || flows[1].marks[gap].Lines < 1000 || kinds[len(kinds)-1] != utptrace.Closed {
			t.Errorf("%v", kinds)
		}
		if last := flows[1].samples[len(flows[1].samples)-1]; last.Acked != 3001*1000 {
			t.Errorf("%+v", last)
		}
	})
}

// The end of a connection has room also where nobody takes what came before.
func TestATraceThatIsWrittenAtTheLastMomentTellsTheEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		w, from, one, other := untaken(t, b)
		_, _ = one.Close(), other.Close()
		<-one.Done()
		close(w.hold)
		if err := from.Close(); err != nil {
			t.Fatal(err)
		}
		_, flows := readTrace(t, w.Bytes())
		kinds := flows[1].kinds()
		if n := len(kinds); n < 2 || kinds[n-2] != utptrace.Gap || kinds[n-1] != utptrace.Closed {
			t.Errorf("%v", kinds)
		}
	})
}

func TestAWriterThatNeverReturnsEndsTheTraceAndIsNotCalledAgain(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		w := &blocked{hold: make(chan struct{})}
		from, err := utp.Listen(t.Context(), "udp4", ":6881", utp.OnNetwork(b.Host(left)), utp.Trace(w, time.Millisecond))
		if err != nil {
			t.Fatal(err)
		}
		one, _ := connect(t, from, b.socket(right), right+":6881")
		time.Sleep(time.Minute)
		_ = one.Abort()
		var fault *utp.TraceError
		if err := from.Close(); !errors.As(err, &fault) {
			t.Errorf("the error is %v", err)
		}
		close(w.hold)
		synctest.Wait()
		if w.calls != 1 {
			t.Errorf("%d calls", w.calls)
		}
	})
}

// failing is a writer that fails, or panics, at its second call.
type failing struct {
	calls  int
	second func() error
}

func (w *failing) Write(b []byte) (int, error) {
	if w.calls++; w.calls > 1 {
		return 0, w.second()
	}
	return len(b), nil
}

func TestAnErrorOfTheWriterEndsTheTraceAndNothingElse(t *testing.T) {
	for name, second := range map[string]func() error{
		"an error": func() error { return io.ErrClosedPipe }, "a panic": func() error { panic("of the host") }, "a short write": func() error { return nil },
	} {
		t.Run(name, func(t *testing.T) {
			inBubble(t, func(t *testing.T, b *bubble) {
				w, crashes := &failing{second: second}, 0
				from, err := utp.Listen(t.Context(), "udp4", ":6881", utp.OnNetwork(b.Host(left)), utp.Trace(w, time.Millisecond),
					utp.Observe(func(sup.Report) { crashes++ }))
				if err != nil {
					t.Fatal(err)
				}
				one, other := connect(t, from, b.socket(right), right+":6881")
				for range 10 {
					time.Sleep(2 * time.Second)
					writes(t, one, []byte("question"))
					reads(t, other, []byte("question"))
				}
				_ = one.Abort()
				var fault *utp.TraceError
				if err := from.Close(); !errors.As(err, &fault) || name == "an error" && !errors.Is(err, io.ErrClosedPipe) {
					t.Errorf("the error is %v", err)
				}
				if w.calls != 2 || (crashes > 0) != (name == "a panic") {
					t.Errorf("%d calls, %d crashes", w.calls, crashes)
				}
			})
		})
	}
}

func TestASocketHasAProcessForItsTraceOnlyIfItHasOne(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		with, without := b.socket(left, utp.Trace(io.Discard, 0)).Tree(), b.socket(right, utp.Trace(nil, 0)).Tree()
		if n := len(without.Root.Children); n != 1 {
			t.Errorf("%d processes", n)
		}
		if n := len(with.Root.Children); n != 2 {
			t.Errorf("%d processes with a trace", n)
		}
	})
}

func TestTheConnectionOfADialIsTracedToItsEnd(t *testing.T) {
	inBubble(t, func(t *testing.T, b *bubble) {
		var text bytes.Buffer
		to := b.socket(right)
		one, err := utp.Dial(t.Context(), "udp4", right+":6881", utp.OnNetwork(b.Host(left)), utp.Trace(&text, time.Second))
		if err != nil {
			t.Fatal(err)
		}
		other, err := to.AcceptContext(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		_, _ = one.Close(), other.Close()
		<-one.Done()
		synctest.Wait()
		if _, flows := readTrace(t, text.Bytes()); !slices.Equal(flows[1].kinds(), []utptrace.MarkKind{utptrace.Connected, utptrace.Closed}) {
			t.Errorf("%s", &text)
		}
	})
}
