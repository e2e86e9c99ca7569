package jsonl

import "time"

// Cells are those of a process: how many there are, how many have died since its start,
// and the oldest by name.
type Cells struct {
	Alive     int        `json:"alive"`
	Died      int        `json:"died"`
	LastDeath *CellDeath `json:"last_death,omitempty"`
	Oldest    []Cell     `json:"oldest"`
}

// Cell is one of them. Age is in milliseconds.
type Cell struct {
	Name    string    `json:"name"`
	Kind    string    `json:"kind"`
	Path    string    `json:"path"`
	State   string    `json:"state"` // running, or stopping where it was killed and not stepped since
	Started time.Time `json:"started"`
	Age     int64     `json:"age_ms"`
}

// CellDeath is the latest death of one.
type CellDeath struct {
	Path        string `json:"path"`
	Exit        string `json:"exit"`
	LastMessage string `json:"last_message,omitempty"`
}
