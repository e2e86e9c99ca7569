//go:build linux

package main

import (
	"encoding/json"
	"io"
	"math"
	"time"
)

// The shapes of the JSON file. Values that were not measured are not there.
type (
	jsonReport struct {
		Time     time.Time `json:"time"`
		Host     string    `json:"host"`
		Network  string    `json:"network"`
		Place    string    `json:"place"`
		Versions []string  `json:"versions"`
		Rows     []jsonRow `json:"rows"`
	}
	jsonRow struct {
		Name       string                        `json:"name"`
		About      string                        `json:"about"`
		Failed     string                        `json:"failed,omitempty"`
		Missing    []string                      `json:"missing,omitempty"`
		Medians    map[string]map[string]float64 `json:"medians"` // by contender
		Extra      map[string]float64            `json:"extra,omitempty"`
		Aims       []jsonAim                     `json:"aims"`
		Kept       []jsonRound                   `json:"kept"`
		Dropped    []jsonRound                   `json:"dropped"`
		Contenders []string                      `json:"contenders"`
	}
	jsonAim struct {
		What    string   `json:"what"`
		Median  *float64 `json:"median,omitempty"`
		Aim     string   `json:"aim"`
		Must    string   `json:"must"`
		Verdict string   `json:"verdict"`
	}
	// jsonRound has, for each contender, its figures and the share of the machine
	// that others used, as "foreign".
	jsonRound map[string]map[string]float64
)

func (r *report) writeJSON(out io.Writer) error {
	j := jsonReport{Time: time.Now().UTC(), Host: r.host, Network: r.network, Place: r.place, Versions: r.versions}
	for _, res := range r.results {
		j.Rows = append(j.Rows, res.json())
	}
	enc := json.NewEncoder(out)
	enc.SetIndent("", "  ")
	return enc.Encode(j)
}

func (r *result) json() jsonRow {
	j := jsonRow{
		Name: r.row.name, About: r.row.about, Missing: r.missing(), Medians: map[string]map[string]float64{},
		Kept: jsonRounds(r.kept), Dropped: jsonRounds(r.dropped),
	}
	if r.failed != nil {
		j.Failed = r.failed.Error()
	}
	for _, c := range r.row.contenders {
		j.Contenders = append(j.Contenders, c.name)
		medians := map[string]float64{}
		for _, f := range figures {
			if v := r.median(c.name, f); isFinite(v) {
				medians[f.key] = v
			}
		}
		j.Medians[c.name] = medians
	}
	if len(r.extra.values) > 0 {
		j.Extra = jsonFigures(r.extra)
	}
	for _, a := range r.row.aims {
		value, v := r.judge(a)
		one := jsonAim{What: a.what, Aim: a.boundText(a.bound), Must: a.boundText(a.must), Verdict: v.String()}
		if isFinite(value) {
			one.Median = &value
		}
		j.Aims = append(j.Aims, one)
	}
	return j
}

func jsonRounds(rounds []round) []jsonRound {
	out := []jsonRound{}
	for _, r := range rounds {
		one := jsonRound{}
		for name, s := range r {
			one[name] = jsonFigures(s)
		}
		out = append(out, one)
	}
	return out
}

func jsonFigures(s sample) map[string]float64 {
	values := map[string]float64{"foreign": s.foreign}
	for f, v := range s.values {
		if isFinite(v) {
			values[f.key] = v
		}
	}
	return values
}

func isFinite(v float64) bool { return !math.IsNaN(v) && !math.IsInf(v, 0) }
