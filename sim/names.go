package sim

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/choke"
)

// UnknownNameError says that a world names a picker or choker that there is not.
type UnknownNameError struct {
	What, Name string
	Known      []string
}

// Error names those that there are.
func (e *UnknownNameError) Error() string {
	return fmt.Sprintf("no %s is named %q: there are %s", e.What, e.Name, strings.Join(e.Known, ", "))
}

// CheckNames looks up the picker and the choker that a world names. The error is an
// *UnknownNameError. Run panics where there is one.
func (c Config) CheckNames() error {
	if _, err := c.picker(); err != nil {
		return err
	}
	_, err := c.strategy()
	return err
}

func (c Config) picker() (assign.Picker, error) {
	name := cmp.Or(c.Picker, assign.DefaultPicker)
	switch p := assign.FindPicker(name).(type) {
	case assign.KnownPicker:
		return p.Picker, nil
	case assign.UnknownPicker:
		return nil, &UnknownNameError{What: "picker", Name: name, Known: p.Names}
	}
	panic("sim: neither known nor unknown")
}

func (c Config) strategy() (choke.Strategy, error) {
	name := cmp.Or(c.Choker, choke.Default)
	switch s := choke.Find(name).(type) {
	case choke.Known:
		return s.Strategy, nil
	case choke.Unknown:
		return nil, &UnknownNameError{What: "choker", Name: name, Known: s.Names}
	}
	panic("sim: neither known nor unknown")
}

// must takes what CheckNames has found.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
