// Package utptrace is the format of a trace of uTP connections: lines of JSON, each of
// which begins with {"v":1,"event":…}. The first is a Head; what else there is stands in
// the order of time for each flow. docs/utptrace.schema.json describes the lines.
//
// Times are microseconds since the trace began, rates bytes a second. A field that is
// zero is left out, but for the time and the number of the flow.
package utptrace

import (
	"fmt"
	"time"
)

// Version is the "v" of every line. It changes when the meaning of a field does, not
// when fields or events are added.
const Version = 1

// The bounds of what is read.
const (
	MaxFlows = 64               // numbers of flows are 1 to MaxFlows
	MaxLine  = 4096             // bytes of a line
	MaxName  = 200              // bytes of a name, a title or a reason
	MaxTime  = 1000 * time.Hour // of a trace
)

// Record is what one line says: a Head, Flow, Sample, Link or Mark.
//
//sumtype:decl
type Record interface{ isRecord() }

// Head is the first line.
type Head struct {
	Title    string
	Interval time.Duration // about between the samples of a flow
}

// Flow names a flow, before all else of it.
type Flow struct {
	At      time.Duration // when it begins
	Number  int
	Name    string
	Control string // of its congestion
}

// Sample is how a connection does at a time. What is not known is zero.
type Sample struct {
	At       time.Duration
	Flow     int
	Stage    Stage
	Window   uint64        // bytes of payload that its control lets fly
	Flying   uint64        // and that fly
	Rate     uint64        // at which it has them sent
	RTT      time.Duration // smoothed
	Queued   time.Duration // how long packets wait, as it measures
	Base     time.Duration // the least round trip
	Target   time.Duration // how long packets may wait
	Acked    uint64        // bytes of its stream that have come, since its begin
	Lost     uint64        // packets, since its begin
	Timeouts uint64        // since its begin
	Packet   uint64        // bytes of UDP payload of a full packet
	Remote   uint64        // bytes of the remote's window
	Unsent   uint64        // bytes that wait to be sent first
}

// Link is how a link did since the line before: only a simulation knows.
type Link struct {
	At      time.Duration
	Queued  time.Duration // how long packets waited, in the mean
	Most    time.Duration // at most
	Dropped uint64        // packets, since the full queue had no room
	Lost    uint64        // packets that were lost by accident
}

// Mark is what happened to a flow.
type Mark struct {
	At      time.Duration
	Flow    int
	Kind    MarkKind
	Packets uint64 // of Lost
	Lines   uint64 // of Gap
	Reason  string // of Closed
}

func (Head) isRecord()   {}
func (Flow) isRecord()   {}
func (Sample) isRecord() {}
func (Link) isRecord()   {}
func (Mark) isRecord()   {}

// Stage says what a connection is up to.
type Stage uint8

// The stages.
const (
	NoStage    Stage = iota // it is not known
	Connecting              // nothing of the remote is known
	Starting                // the window grows until a queue forms
	Steady                  // delay and losses say
	Slowdown                // next to nothing is sent, to see how long the path is
	Ending                  // all is said
)

var stageNames = [...]string{NoStage: "", Connecting: "connecting", Starting: "starting", Steady: "steady", Slowdown: "slowdown", Ending: "ending"}

// String is the name in the trace.
func (s Stage) String() string { return stageNames[s] }

// MarkKind says what happened.
type MarkKind uint8

// The kinds.
const (
	Connected    MarkKind = iota // the remote has answered
	Lost                         // packets were found lost
	Undone                       // what was taken for lost had come
	TimedOut                     // nothing came in time
	SlowdownMark                 // a slowdown begins
	Closed                       // the end
	Gap                          // lines are missing here, since nobody took them
)

var markNames = [...]string{
	Connected: "connected", Lost: "lost", Undone: "undone", TimedOut: "timeout", SlowdownMark: "slowdown", Closed: "closed", Gap: "gap",
}

// String is the name in the trace.
func (k MarkKind) String() string { return markNames[k] }

// FaultError says what is wrong with a line.
type FaultError struct {
	Line   int    // from 1
	Reason string // continues a sentence: "has no flow"
}

// Error names the line.
func (e *FaultError) Error() string { return fmt.Sprintf("line %d %s", e.Line, e.Reason) }
