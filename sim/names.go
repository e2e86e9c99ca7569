package sim

import (
	"github.com/etorrent/etorrent/internal/core/assign"
	"github.com/etorrent/etorrent/internal/core/choke"
)

// CheckNames looks up the picker and the choker that a world names. The error is a
// *named.UnknownError. Run panics where there is one.
func (c Config) CheckNames() error {
	if _, err := assign.FindPicker(c.Picker); err != nil {
		return err
	}
	_, err := choke.Find(c.Choker)
	return err
}

// must takes what CheckNames has found.
func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
