package names

import (
	"iter"
	"math/bits"
	"strings"
)

// Cause says why a name had to change.
type Cause uint8

const (
	// ComponentDropped says that a component was empty, "." or "..", or nothing of it was
	// usable.
	ComponentDropped Cause = iota
	// EncodingReplaced says that bytes that are not UTF-8 became underscores.
	EncodingReplaced
	// RuneReplaced says that a separator, a control rune, one that turns the direction of
	// text, or one that the platform forbids became an underscore.
	RuneReplaced
	// EndCut says that dots and spaces at the end, which the platform would drop, are gone.
	EndCut
	// DeviceAvoided says that the name means a device and got an underscore before it.
	DeviceAvoided
	// Shortened says that a component was too long.
	Shortened
	// FoldersDropped says that the path was too long or too deep, so that the innermost
	// folders are gone.
	FoldersDropped
	// FolderRespelled says that a folder that the platform takes for the same is spelled
	// otherwise in an earlier path.
	FolderRespelled
	// Numbered says that another file or folder has the name, or one that the platform
	// takes for the same.
	Numbered
	// NameReplaced says that the torrent's name was not usable and the fallback is used.
	NameReplaced
	causeCount
)

// String returns the cause in words.
func (c Cause) String() string {
	return [causeCount]string{
		"unsafe component dropped", "not UTF-8", "unsafe character replaced", "end cut", "names a device",
		"too long", "path too long", "folder spelled differently", "name taken", "no usable name",
	}[c]
}

// Causes is a set of causes.
type Causes uint16

// CausesOf returns the set of the given causes.
func CausesOf(causes ...Cause) Causes {
	var set Causes
	for _, c := range causes {
		set = set.With(c)
	}
	return set
}

// With returns the set with c in it.
func (cs Causes) With(c Cause) Causes { return cs | 1<<c }

// Has says whether c is in the set.
func (cs Causes) Has(c Cause) bool { return cs&(1<<c) != 0 }

// All yields the causes in the order of their declaration.
func (cs Causes) All() iter.Seq[Cause] {
	return func(yield func(Cause) bool) {
		for rest := cs; rest != 0; rest &= rest - 1 {
			if !yield(Cause(bits.TrailingZeros16(uint16(rest)))) {
				return
			}
		}
	}
}

// String returns the causes in words, joined by commas.
func (cs Causes) String() string {
	var words []string
	for c := range cs.All() {
		words = append(words, c.String())
	}
	return strings.Join(words, ", ")
}
