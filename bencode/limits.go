package bencode

import "cmp"

// What Limits fields of 0 stand for.
const (
	DefaultMaxBytes = 16 << 20
	DefaultMaxDepth = 100
	DefaultMaxItems = 4 << 20
)

// MaxFindings is how many findings are kept of one document; more are dropped.
const MaxFindings = 64

// Limits bound what a document may ask of its reader. A field of 0 stands for
// the default.
type Limits struct {
	MaxBytes int // of the whole document
	MaxDepth int // lists and dictionaries open at once
	MaxItems int // values and keys together
}

func (l Limits) withDefaults() Limits {
	return Limits{
		MaxBytes: cmp.Or(l.MaxBytes, DefaultMaxBytes),
		MaxDepth: cmp.Or(l.MaxDepth, DefaultMaxDepth),
		MaxItems: cmp.Or(l.MaxItems, DefaultMaxItems),
	}
}
