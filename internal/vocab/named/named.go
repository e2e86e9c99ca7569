// Package named finds the ways to do something by their names.
package named

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Table has the ways to do something by name, such as the pickers.
type Table[T any] struct {
	// What is one of them, for people.
	What string
	Ways map[string]T
}

// UnknownError says that there is no way of a name.
type UnknownError struct {
	What, Name string
	Known      []string // the names that there are, in order
}

// Error names those that there are.
func (e *UnknownError) Error() string {
	return fmt.Sprintf("no %s is named %q: there are %s", e.What, e.Name, strings.Join(e.Known, ", "))
}

// Names are the names that there are, in order.
func (t Table[T]) Names() []string { return slices.Sorted(maps.Keys(t.Ways)) }

// Find returns the way of a name. The error is an *UnknownError.
func (t Table[T]) Find(name string) (T, error) {
	way, is := t.Ways[name]
	if !is {
		return way, &UnknownError{What: t.What, Name: name, Known: t.Names()}
	}
	return way, nil
}
