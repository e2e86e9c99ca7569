//go:build linux

package main

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"math"
	"strings"
	"testing"
)

// told is a report of the rows floor and libtorrent.
func told() *report {
	r := &report{host: "a <host>", network: "cubic", versions: []string{"etorrent"}}
	for _, one := range pairRows(options{})[:2] {
		all := round{}
		for i, c := range one.contenders {
			all[c.name] = sample{values: map[figure]float64{cpuBoth: float64(i + 1), rateMiddle: 100}, foreign: 0.01}
		}
		r.results = append(r.results, &result{row: one, kept: []round{all}})
	}
	return r
}

func TestTheJSONHasMediansAndVerdicts(t *testing.T) {
	r := told()
	r.results = append(r.results, &result{row: row{name: "gone", aims: []aim{{what: "x", value: plainly(cpuBoth, "none")}}}, failed: errors.New("why")})
	var b bytes.Buffer
	if err := r.writeJSON(&b); err != nil {
		t.Fatal(err)
	}
	var got jsonReport
	if err := json.Unmarshal(b.Bytes(), &got); err != nil {
		t.Fatal(err)
	}
	first := got.Rows[0]
	if first.Medians["ours to ours"]["cpu_both_s_per_gib"] != 1 || first.Kept[0]["ours to ours"]["foreign"] != 0.01 {
		t.Errorf("%+v", first)
	}
	if a := first.Aims[0]; a.Verdict != "aim" || *a.Median != 0.5 || a.Aim != "<= 1.50" {
		t.Errorf("%+v", a)
	}
	if last := got.Rows[2]; last.Failed != "why" || last.Aims[0].Median != nil || last.Aims[0].Verdict != "-" {
		t.Errorf("%+v", last)
	}
}

func TestTheChartIsWellFormedAndNeedsItsRows(t *testing.T) {
	var b bytes.Buffer
	if err := told().writeChart(&b); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "<rect"); n != 6 {
		t.Errorf("%d bars", n)
	}
	for d := xml.NewDecoder(&b); ; {
		if _, err := d.Token(); err == io.EOF {
			break
		} else if err != nil {
			t.Fatal(err)
		}
	}
	less := told()
	less.results = less.results[:1]
	if err := less.writeChart(io.Discard); err == nil {
		t.Error("drawn without its rows")
	}
}

func TestTheChartOfUTPIsWellFormedAndNeedsItsRows(t *testing.T) {
	r := &report{host: "a <host>"}
	for _, one := range utpRows(options{}) {
		all := round{}
		for _, c := range one.contenders {
			all[c.name] = sample{values: map[figure]float64{cpuBoth: 1, rateWhole: 100}}
		}
		r.results = append(r.results, &result{row: one, kept: []round{all}})
	}
	var b bytes.Buffer
	if err := r.writeUTPChart(&b); err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(b.String(), "<rect"); n != 8 {
		t.Errorf("%d bars", n)
	}
	if err := xml.Unmarshal(b.Bytes(), new(struct{})); err != nil {
		t.Error(err)
	}
	r.results = r.results[:1]
	if err := r.writeUTPChart(io.Discard); err == nil {
		t.Error("drawn without its rows")
	}
}

func TestTheTableShowsWhatWasNotMeasured(t *testing.T) {
	r := told()
	r.results[0].absent = map[string]error{"floor to floor": errors.New("no floor")}
	delete(r.results[0].kept[0], "floor to floor")
	var b bytes.Buffer
	if err := r.printRow(&b, r.results[0]); err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"floor to floor was not measured: no floor", "ours to ours"} {
		if !strings.Contains(b.String(), want) {
			t.Errorf("%q is not in\n%s", want, b.String())
		}
	}
	if _, v := r.results[0].judge(r.results[0].row.aims[0]); v != notJudged {
		t.Errorf("judged %v", v)
	}
}

func TestNumbersHaveThreeDigits(t *testing.T) {
	for v, want := range map[float64]string{0.1234: "0.123", 1.5: "1.50", 12.34: "12.3", 1234.5: "1234", 50: "50", math.Inf(1): "-"} {
		if got := number(v); got != want {
			t.Errorf("%v is %q, want %q", v, got, want)
		}
	}
}

func TestQuickLeavesGivenFlagsAlone(t *testing.T) {
	o, err := parse(io.Discard, []string{"-quick", "-mib", "300"})
	if err != nil || o.sizes.main != 300 || o.rounds != 1 || o.sizes.star8 != 32 {
		t.Errorf("%+v, %v", o, err)
	}
	for _, bad := range [][]string{{"-mib", "0"}, {"-rounds", "0"}, {"more"}, {"-piece", "0"}} {
		if _, err := parse(io.Discard, bad); err == nil {
			t.Errorf("%v was taken", bad)
		}
	}
}
