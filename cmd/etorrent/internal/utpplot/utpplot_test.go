package utpplot_test

import (
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strings"
	"testing"
	"testing/iotest"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/utpplot"
	"github.com/etorrent/etorrent/internal/vocab/utptrace"
)

const (
	second   = time.Second
	interval = 100 * time.Millisecond
)

// trace writes one of two flows on a link: the first has 1000 bytes each interval, the
// second, which is later, three times that.
func trace(intervals int) []byte {
	out := utptrace.Append(nil, utptrace.Head{Title: "a <link> & more", Interval: interval})
	out = utptrace.Append(out, utptrace.Flow{Number: 1, Name: "one", Control: "x"})
	out = utptrace.Append(out, utptrace.Flow{Number: 2, At: time.Duration(intervals/2) * interval})
	for n := 1; n <= intervals; n++ {
		at := time.Duration(n) * interval
		s := utptrace.Sample{
			At: at, Flow: 1, Acked: uint64(1000 * n), Window: 5000, Flying: 4000, RTT: second, Queued: 40 * time.Millisecond,
			Target: 58 * time.Millisecond, Lost: uint64(n / 10),
		}
		if n%10 == 0 {
			out = utptrace.Append(out, utptrace.Mark{At: at, Flow: 1, Kind: utptrace.Lost, Packets: 1})
		}
		out = utptrace.Append(out, s)
		if n > intervals/2 {
			s.Flow, s.Acked, s.Lost, s.Timeouts, s.Queued = 2, uint64(3000*(n-intervals/2)), 0, 2, 10*time.Millisecond
			out = utptrace.Append(out, s)
		}
		out = utptrace.Append(out, utptrace.Link{At: at, Queued: 30 * time.Millisecond, Dropped: 1})
	}
	return out
}

func read(t *testing.T, from io.Reader) *utpplot.Trace {
	t.Helper()
	x, err := utpplot.Read(from)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

func picture(t *testing.T, x *utpplot.Trace) string {
	t.Helper()
	var b bytes.Buffer
	if err := x.Picture(&b); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func near(got, want float64) bool { return got > want*0.98 && got < want*1.02 }

func TestATraceOfAnyLengthIsSummedUpInTheRoomOfAPicture(t *testing.T) {
	for _, intervals := range []int{100, 5000, 60_000} {
		x := read(t, bytes.NewReader(trace(intervals)))
		s := x.Summarize()
		if len(s.Flows) != 2 || !near(s.Flows[0].Rate, 10_000) || !near(s.Flows[1].Rate, 30_000) || !near(s.Flows[1].Share, 0.75) || !near(s.Jain, 0.8) {
			t.Errorf("%d: %+v", intervals, s)
		}
		whole := time.Duration(intervals) * interval
		if s.Until != whole || s.From != whole*3/4 {
			t.Errorf("%d: from %v to %v", intervals, s.From, s.Until)
		}
		for i, want := range []time.Duration{40 * time.Millisecond, 10 * time.Millisecond} {
			if d := s.Flows[i].Delay; d.Known != utpplot.Measured || d.Mean != want || d.Most95 != want {
				t.Errorf("%d: flow %d waits %+v", intervals, i+1, d)
			}
		}
		if s.Link.Mean != 30*time.Millisecond || x.Link.Dropped != uint64(intervals) || s.Flows[0].Lost != uint64(intervals/10) || s.Flows[1].Timeouts != 2 {
			t.Errorf("%d: %+v, %+v", intervals, s, x.Link)
		}
		if p := picture(t, x); len(p) > 120_000 {
			t.Errorf("%d: a picture of %d bytes", intervals, len(p))
		}
	}
}

func TestAPictureIsTheSameAndWellFormedHoweverTheTraceComes(t *testing.T) {
	in := trace(300)
	one := picture(t, read(t, bytes.NewReader(in)))
	if other := picture(t, read(t, iotest.OneByteReader(bytes.NewReader(in)))); other != one {
		t.Error("the picture is another one")
	}
	if other := picture(t, read(t, bytes.NewReader(in[:len(in)-1]))); other != one {
		t.Error("without the end of the last line the picture is another one")
	}
	for d := xml.NewDecoder(strings.NewReader(one)); ; {
		if _, err := d.Token(); errors.Is(err, io.EOF) {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	for _, want := range []string{"a &lt;link&gt; &amp; more", ">one, x<", ">flow 2<", ">target 58<", `class="tick c0"`, ">30 s<", `class="queue"`} {
		if !strings.Contains(one, want) {
			t.Errorf("the picture has no %s", want)
		}
	}
	if strings.Contains(one, "NaN") || strings.Contains(one, "Inf") {
		t.Error("a place is no number")
	}
}

func TestATraceThatWasCutOffIsShownAsFarAsItGoes(t *testing.T) {
	in := trace(20)
	head := bytes.IndexByte(in, '\n') + 1
	for cut := range len(in) {
		x, err := utpplot.Read(bytes.NewReader(in[:cut]))
		switch {
		case cut < head-1 && err == nil:
			t.Errorf("the first %d bytes are a trace", cut)
		case cut >= head-1 && err != nil:
			t.Errorf("the first %d bytes are none: %v", cut, err)
		case err == nil:
			x.Summarize()
			picture(t, x)
		}
	}
}

func TestHostileTracesAreRefusedOrBounded(t *testing.T) {
	begin := `{"v":1,"event":"trace","interval_us":1}` + "\n"
	var fault *utptrace.FaultError
	for _, in := range []string{"", "\n", "nonsense", begin + "nonsense\n", begin + strings.Repeat("x", 5000), strings.Repeat("x", 1<<20), begin + "{}\n", "\x00\x01\n"} {
		if _, err := utpplot.Read(strings.NewReader(in)); !errors.As(err, &fault) {
			t.Errorf("%.60q: %v", in, err)
		}
	}
	all := begin
	for n := 1; n <= utptrace.MaxFlows; n++ {
		all += fmt.Sprintf(`{"v":1,"event":"flow","at_us":0,"flow":%d,"name":"<script>"}`+"\n", n)
		for _, at := range []uint64{0, 1, 1000, 3_600_000_000_000} {
			all += fmt.Sprintf(`{"v":1,"event":"sample","at_us":%d,"flow":%d,"window":%d,"acked":%d,"rtt_us":%d,"queued_us":%[3]d}`+"\n", at, n, uint64(1<<64-1), uint64(1<<64-1)-at, at)
			all += fmt.Sprintf(`{"v":1,"event":"lost","at_us":%d,"flow":%d,"packets":18446744073709551615}`+"\n", at, n)
		}
	}
	x := read(t, strings.NewReader(all))
	x.Summarize()
	if p := picture(t, x); strings.Contains(p, "<script>") || strings.Contains(p, "NaN") || strings.Contains(p, "Inf") || len(p) > 1<<20 {
		t.Errorf("a picture of %d bytes", len(p))
	}
	picture(t, read(t, strings.NewReader(begin)))
}

func TestWhatIsLostLateInALongTraceIsDrawn(t *testing.T) {
	const intervals = 20_000
	out := utptrace.Append(nil, utptrace.Head{Interval: interval})
	out = utptrace.Append(out, utptrace.Flow{Number: 1})
	for n := range intervals {
		at := time.Duration(n) * interval
		for _, kind := range []utptrace.MarkKind{utptrace.Lost, utptrace.Undone} {
			out = utptrace.Append(out, utptrace.Mark{At: at, Flow: 1, Kind: kind, Packets: 1})
		}
		out = utptrace.Append(out, utptrace.Sample{At: at, Flow: 1, Acked: uint64(n), Lost: uint64(n)})
	}
	drawn := picture(t, read(t, bytes.NewReader(out)))
	row := regexp.MustCompile(`class="grid" d="M(\d+) \d+h(\d+)"/>\s*<text[^>]*>19999<`).FindStringSubmatch(drawn)
	path := regexp.MustCompile(`class="tick [^"]*" d="[^"]*M(\d+) \d+v8"`).FindStringSubmatch(drawn)
	if row == nil || path == nil {
		t.Fatalf("no row, or nothing in it: %.2000s", drawn)
	}
	var left, wide, last int
	_, _ = fmt.Sscan(row[1]+" "+row[2]+" "+path[1], &left, &wide, &last)
	if last < left+wide*98/100 {
		t.Errorf("the last mark is at %d, and the plot goes from %d to %d", last, left, left+wide)
	}
}
