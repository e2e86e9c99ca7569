package utptrace

import (
	"encoding/json"
	"strconv"
	"time"
)

// Append appends the line of a record, with its end. Samples, links and marks but Closed
// allocate nothing where there is room.
func Append(to []byte, r Record) []byte {
	w := writer{to}
	switch r := r.(type) {
	case Head:
		w.begin("trace")
		w.text("title", r.Title)
		w.span("interval_us", r.Interval)
	case Flow:
		w.begin("flow")
		w.place(r.At, r.Number)
		w.text("name", r.Name)
		w.text("control", r.Control)
	case Sample:
		return AppendSample(to, &r)
	case Link:
		w.begin("link")
		w.time(r.At)
		w.span("queued_us", r.Queued)
		w.span("most_us", r.Most)
		w.number("dropped", r.Dropped)
		w.number("lost", r.Lost)
	case Mark:
		return AppendMark(to, &r)
	}
	return w.end()
}

// AppendSample is Append of a sample.
func AppendSample(to []byte, s *Sample) []byte {
	w := writer{to}
	w.begin("sample")
	w.place(s.At, s.Flow)
	if s.Stage != NoStage {
		w.word("stage", s.Stage.String())
	}
	w.number("window", s.Window)
	w.number("flying", s.Flying)
	w.number("rate", s.Rate)
	w.span("rtt_us", s.RTT)
	w.span("queued_us", s.Queued)
	w.span("base_us", s.Base)
	w.span("target_us", s.Target)
	w.number("acked", s.Acked)
	w.number("lost", s.Lost)
	w.number("timeouts", s.Timeouts)
	w.number("packet", s.Packet)
	w.number("remote", s.Remote)
	w.number("unsent", s.Unsent)
	return w.end()
}

// AppendMark is Append of a mark.
func AppendMark(to []byte, m *Mark) []byte {
	w := writer{to}
	w.begin(m.Kind.String())
	w.place(m.At, m.Flow)
	w.number("packets", m.Packets)
	w.number("lines", m.Lines)
	w.text("reason", m.Reason)
	return w.end()
}

// writer appends the fields of a line.
type writer struct{ b []byte }

func (w *writer) begin(event string) {
	w.b = append(w.b, `{"v":`...)
	w.b = strconv.AppendInt(w.b, Version, 10)
	w.word("event", event)
}

func (w *writer) key(key string) {
	w.b = append(w.b, `,"`...)
	w.b = append(w.b, key...)
	w.b = append(w.b, `":`...)
}

// word writes a text that needs no escapes.
func (w *writer) word(key, word string) {
	w.key(key)
	w.b = append(w.b, '"')
	w.b = append(w.b, word...)
	w.b = append(w.b, '"')
}

func (w *writer) text(key, text string) {
	if text == "" {
		return
	}
	w.key(key)
	quoted, _ := json.Marshal(text) // of a string it cannot fail
	w.b = append(w.b, quoted...)
}

func (w *writer) place(at time.Duration, flow int) {
	w.time(at)
	w.key("flow")
	w.b = strconv.AppendInt(w.b, int64(flow), 10)
}

func (w *writer) time(at time.Duration) {
	w.key("at_us")
	w.b = strconv.AppendInt(w.b, at.Microseconds(), 10)
}

func (w *writer) span(key string, d time.Duration) {
	w.number(key, uint64(max(d, 0)/time.Microsecond))
}

func (w *writer) number(key string, n uint64) {
	if n > 0 {
		w.key(key)
		w.b = strconv.AppendUint(w.b, n, 10)
	}
}

func (w *writer) end() []byte { return append(w.b, "}\n"...) }
