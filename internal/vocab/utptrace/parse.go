package utptrace

import (
	"encoding/json"
	"errors"
	"slices"
	"strconv"
	"time"

	"github.com/etorrent/etorrent/internal/vocab/text"
)

// wire is any line. Numbers are unsigned: a negative one is a fault.
type wire struct {
	V        int
	Event    string
	Title    string
	Interval uint64  `json:"interval_us"`
	At       *uint64 `json:"at_us"`
	Flow     uint64
	Name     string
	Control  string
	sampled
	Most    uint64 `json:"most_us"`
	Dropped uint64
	Packets uint64
	Lines   uint64
	Reason  string
}

// sampled are the fields of samples, some of which links have too.
type sampled struct {
	Stage    string
	Window   uint64
	Flying   uint64
	Rate     uint64
	RTT      uint64 `json:"rtt_us"`
	Queued   uint64 `json:"queued_us"`
	Base     uint64 `json:"base_us"`
	Target   uint64 `json:"target_us"`
	Acked    uint64
	Lost     uint64
	Timeouts uint64
	Packet   uint64
	Remote   uint64
	Unsent   uint64
}

// Parser reads the lines of one trace. The zero Parser is at the first.
type Parser struct {
	line  int
	known [MaxFlows + 1]flowState
	link  time.Duration // of its last line
}

// flowState is what came of a flow.
type flowState struct {
	named naming
	at    time.Duration // of its last line
}

// naming says whether a flow was named.
type naming uint8

const (
	unnamed naming = iota
	isNamed
)

// Parse reads the next line, without its end. It is nil where a line has an event that
// is not known, or is empty. The error is a *FaultError.
func (p *Parser) Parse(line []byte) (Record, error) {
	p.line++
	if len(line) > MaxLine {
		return nil, p.fault("is longer than " + strconv.Itoa(MaxLine) + " bytes")
	}
	if len(line) == 0 && p.line > 1 {
		return nil, nil
	}
	var w wire
	if err := json.Unmarshal(line, &w); err != nil {
		return nil, p.fault(reasonOf(err))
	}
	switch {
	case p.line == 1 && w.Event != "trace":
		return nil, p.fault("is not the first one of a trace of uTP")
	case p.line > 1 && w.Event == "trace":
		return nil, p.fault("is the first one of another trace")
	case w.V != Version:
		return nil, p.fault("has version " + strconv.Itoa(w.V) + ", and only " + strconv.Itoa(Version) + " is known")
	}
	return p.record(&w)
}

// reasonOf says what is no JSON of ours.
func reasonOf(err error) string {
	var kind *json.UnmarshalTypeError
	if errors.As(err, &kind) && kind.Field != "" {
		return "has " + text.Printable(kind.Value) + " as " + text.Printable(kind.Field)
	}
	return "is no JSON object"
}

// record is what a line says.
func (p *Parser) record(w *wire) (Record, error) {
	at := time.Duration(0)
	if w.Event != "trace" {
		if w.At == nil {
			return nil, p.fault("has no at_us")
		}
		if *w.At > uint64(MaxTime/time.Microsecond) {
			return nil, p.fault("has an at_us beyond " + MaxTime.String())
		}
		at = span(*w.At)
	}
	switch w.Event {
	case "trace":
		return Head{Title: short(w.Title), Interval: span(w.Interval)}, nil
	case "link":
		if at < p.link {
			return nil, p.fault("is earlier than the one of the link before it")
		}
		p.link = at
		return Link{At: at, Queued: span(w.Queued), Most: span(w.Most), Dropped: w.Dropped, Lost: w.Lost}, nil
	}
	kind := slices.Index(markNames[:], w.Event)
	if kind < 0 && w.Event != "flow" && w.Event != "sample" {
		return nil, nil
	}
	return p.ofFlow(w, at, kind)
}

// ofFlow is what a line says of a flow.
func (p *Parser) ofFlow(w *wire, at time.Duration, kind int) (Record, error) {
	if w.Flow < 1 || w.Flow > MaxFlows {
		return nil, p.fault("has flow " + strconv.FormatUint(w.Flow, 10) + ", which is not from 1 to " + strconv.Itoa(MaxFlows))
	}
	number, state := int(w.Flow), &p.known[w.Flow]
	switch {
	case w.Event == "flow" && state.named == isNamed:
		return nil, p.fault("names flow " + strconv.Itoa(number) + " a second time")
	case w.Event != "flow" && state.named == unnamed:
		return nil, p.fault("has flow " + strconv.Itoa(number) + ", which no line before it names")
	case at < state.at:
		return nil, p.fault("is earlier than the one of its flow before it")
	}
	state.named, state.at = isNamed, at
	switch w.Event {
	case "flow":
		return Flow{At: at, Number: number, Name: short(w.Name), Control: short(w.Control)}, nil
	case "sample":
		stage := slices.Index(stageNames[:], w.Stage)
		if stage < 0 {
			return nil, p.fault("has an unknown stage")
		}
		s := w.sample()
		s.At, s.Flow, s.Stage = at, number, Stage(stage)
		return s, nil
	}
	return Mark{At: at, Flow: number, Kind: MarkKind(kind), Packets: w.Packets, Lines: w.Lines, Reason: short(w.Reason)}, nil
}

func (s *sampled) sample() Sample {
	return Sample{
		Window: s.Window, Flying: s.Flying, Rate: s.Rate, RTT: span(s.RTT), Queued: span(s.Queued), Base: span(s.Base), Target: span(s.Target),
		Acked: s.Acked, Lost: s.Lost, Timeouts: s.Timeouts, Packet: s.Packet, Remote: s.Remote, Unsent: s.Unsent,
	}
}

// span is a time of so many microseconds, at most MaxTime.
func span(us uint64) time.Duration {
	return time.Duration(min(us, uint64(MaxTime/time.Microsecond))) * time.Microsecond
}

// short is a text that a terminal and a picture can show.
func short(s string) string {
	s = text.Printable(s)
	if len(s) <= MaxName {
		return s
	}
	end := MaxName
	for end > 0 && s[end]&0xc0 == 0x80 {
		end--
	}
	return s[:end]
}

func (p *Parser) fault(reason string) error { return &FaultError{Line: p.line, Reason: reason} }
