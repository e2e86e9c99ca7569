//go:build linux

package main

import (
	"testing"
)

func names(all []contender) string {
	s := ""
	for _, c := range all {
		s += c.name
	}
	return s
}

func TestTheOrderAlternates(t *testing.T) {
	all := []contender{{name: "a"}, {name: "b"}, {name: "c"}}
	for n, want := range []string{"abc", "cba", "abc"} {
		if got := names(inTurn(all, n)); got != want {
			t.Errorf("round %d: %s, want %s", n, got, want)
		}
	}
}

func TestARoundCountsUnlessItWarmsUpOrOthersUsedTheMachine(t *testing.T) {
	w := &runner{options: options{warmUps: 1, foreign: 5}}
	quiet := round{"a": {foreign: 0.05}, "b": {foreign: 0}}
	loud := round{"a": {foreign: 0.01}, "b": {foreign: 0.051}}
	for _, c := range []struct {
		load loadPolicy
		got  round
		n    int
		want standing
	}{
		{spoiltByLoad, quiet, 0, warmUp}, {spoiltByLoad, loud, 0, warmUp}, {spoiltByLoad, quiet, 1, counts},
		{spoiltByLoad, loud, 1, disturbed}, {warmedByItself, quiet, 0, counts}, {warmedByItself, loud, 0, disturbed}, {unmovedByLoad, loud, 0, counts}, {unmovedByLoad, loud, 1, counts},
	} {
		if got := w.stateOf(row{load: c.load}, c.got, c.n); got != c.want {
			t.Errorf("%+v is %v", c, got)
		}
	}
}

func TestRowsAreChosenByName(t *testing.T) {
	all := allRows(options{})
	got, err := choose(all, "to-libtorrent,floor")
	if err != nil || len(got) != 2 || got[0].name != "to-libtorrent" || got[1].name != "floor" {
		t.Errorf("%d rows, %v", len(got), err)
	}
	if _, err := choose(all, "ceiling"); err == nil {
		t.Error("a row that is not there was found")
	}
}

func TestARowsAimsNameItsContenders(t *testing.T) {
	for _, r := range allRows(options{against: "x"}) {
		all := round{}
		for _, c := range r.contenders {
			values := map[figure]float64{}
			for _, f := range figures {
				values[f] = 2
			}
			all[c.name] = sample{values: values}
		}
		for _, a := range r.aims {
			if v := a.value(all); !isFinite(v) {
				t.Errorf("row %s: %s is %v", r.name, a.what, v)
			}
		}
	}
}
