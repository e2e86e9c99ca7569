package decide

import (
	"fmt"
	"strings"
	"testing"
	"time"
)

// trace runs a supervisor by a script. The head describes it:
//
//	rest_for_one 1/5s permanent transient temporary
//
// (strategy, intensity, restart types of children 1, 2, …). Each line is an
// event, "→" and the actions it must bring, or nothing for none:
//
//	exit 2 abnormal → stop 3
//	@6s deadline    → kill 3
//
// Time stands still but for "@". Children may take a second to stop.
func trace(t *testing.T, head string, lines ...string) {
	t.Helper()
	s := parseHead(t, head)
	var now Instant
	for n, line := range lines {
		event, want, _ := strings.Cut(line, "→")
		e := parseEvent(t, event, &now)
		if got := speak(s.Step(e, nil)); got != strings.TrimSpace(want) {
			t.Fatalf("line %d: %s\n got → %s", n+1, line, got)
		}
	}
}

var strategies = map[string]Strategy{
	"one_for_one": OneForOne, "one_for_all": OneForAll,
	"rest_for_one": RestForOne, "dynamic": Dynamic,
}

var restarts = map[string]Restart{
	"permanent": Permanent, "transient": Transient, "temporary": Temporary,
}

func parseHead(t *testing.T, head string) *Supervisor {
	t.Helper()
	words := strings.Fields(head)
	var in Intensity
	var within string
	if _, err := fmt.Sscanf(words[1], "%d/%s", &in.Restarts, &within); err != nil {
		t.Fatal(err)
	}
	in.Within = parseSpan(t, within)
	var specs []Spec
	for i, w := range words[2:] {
		specs = append(specs, Spec{ID: ID(i + 1), Restart: restarts[w], StopWithin: time.Second})
	}
	return New(strategies[words[0]], in, specs)
}

func parseSpan(t *testing.T, s string) time.Duration {
	t.Helper()
	d, err := time.ParseDuration(s)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

var events = map[string]What{
	"begin": Begin, "add": Add, "started": Started, "failed": StartFailed,
	"ending": Ending, "exit": Exited, "remove": Remove, "stop": StopAsked,
	"deadline": DeadlinePassed,
}

func parseEvent(t *testing.T, text string, now *Instant) Event {
	t.Helper()
	words := strings.Fields(text)
	if at, timed := strings.CutPrefix(words[0], "@"); timed {
		*now = Instant(parseSpan(t, at))
		words = words[1:]
	}
	what, known := events[words[0]]
	if !known {
		t.Fatalf("no event %q", words[0])
	}
	e := Event{What: what, At: *now}
	for _, w := range words[1:] {
		switch {
		case w == "abnormal":
			e.Exit = Abnormal
		case w == "normal":
			e.Exit = Normal
		case what == Add && e.Child != 0:
			e.Spec = Spec{ID: e.Child, Restart: restarts[w], StopWithin: time.Second}
		default:
			if _, err := fmt.Sscan(w, &e.Child); err != nil {
				t.Fatal(err)
			}
		}
	}
	return e
}

var deeds = map[Do]string{
	StartChild: "start", StopChild: "stop", KillChild: "kill", WriteOff: "write off",
	Retire: "retire", AllStarted: "all started", Escalate: "escalate", AllStopped: "all stopped",
}

var outcomes = map[Outcome]string{
	AsAsked: "as asked", StartHasFailed: "start failed", GaveUp: "gave up",
}

func speak(actions []Action) string {
	var all []string
	for _, a := range actions {
		switch a.Do {
		case AllStarted:
			all = append(all, deeds[a.Do])
		case AllStopped:
			all = append(all, deeds[a.Do]+" "+outcomes[a.Outcome])
		case StartChild, StopChild, KillChild, WriteOff, Retire, Escalate:
			all = append(all, fmt.Sprintf("%s %d", deeds[a.Do], a.Child))
		}
	}
	return strings.Join(all, ", ")
}
