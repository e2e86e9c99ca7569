package metainfo

import (
	"slices"
	"strconv"
	"strings"
	"time"
)

// Spec says what torrent to make. Equal specs and pieces give equal bytes.
type Spec struct {
	Name        string
	Layout      Layout
	Files       []SpecFile // in the order wanted (SortFiles has the usual one); exactly one for SingleFile
	PieceLength int64      // bytes, 1 to MaxPieceLength; AutoPieceLength knows one
	Alignment   Alignment
	Privacy     Privacy
	Source      string // empty for none, as all below

	Announce     [][]string
	WebSeeds     []string
	Nodes        []HostPort
	Comment      string
	CreatedBy    string
	CreationDate time.Time // seconds count
}

// SpecFile is a file to be put into a torrent.
type SpecFile struct {
	Path       []string // components below the folder Name; not used for SingleFile
	Length     int64    // bytes; 0 for a symbolic link
	Attributes Attributes
	Target     []string // of a symbolic link (BEP 47): components below the folder Name; nil for a file
}

// Alignment says whether files begin at pieces.
type Alignment uint8

// The alignments. Packed: each file begins where the one before it ends.
// PieceAligned: each file that has bytes begins at a piece, behind padding
// (BEP 47).
const (
	Packed Alignment = iota
	PieceAligned
)

// SortFiles sorts files by the bytes of their path components, so that the
// order does not depend on where the files were found.
func SortFiles(files []SpecFile) {
	slices.SortFunc(files, func(a, b SpecFile) int { return slices.Compare(a.Path, b.Path) })
}

// AutoPieceLength returns a power of two for a torrent of so many bytes: at
// least 16 KiB, at most 16 MiB unless the bound on pieces asks for more, and in
// between such that there are about 1,000 to 2,000 pieces.
func AutoPieceLength(total int64) int64 {
	const usual, largest, target = blockSize, 16 << 20, 2048
	length := int64(usual)
	for length < largest && total > target*length || length < MaxPieceLength && total > maxTotal(length) {
		length *= 2
	}
	return length
}

func (s *Spec) validate() error {
	if reason := nameFault(s.Name); reason != "" {
		return field("info.name").refuse(NoOffset, reason)
	}
	if s.PieceLength < 1 || s.PieceLength > MaxPieceLength {
		return field("info.piece length").refuse(NoOffset, "is not between 1 and "+strconv.Itoa(MaxPieceLength))
	}
	if len(s.Files) == 0 || len(s.Files) > MaxFiles {
		return field("info.files").refuse(NoOffset, "has "+strconv.Itoa(len(s.Files))+" members")
	}
	switch s.Layout {
	case SingleFile:
		if len(s.Files) > 1 {
			return field("info.files").refuse(NoOffset, "has several members in a single-file torrent")
		}
		if s.Files[0].Target != nil {
			return field("info.files").refuse(NoOffset, "has a link in a single-file torrent")
		}
		return nil
	case MultiFile:
	}
	for i, f := range s.Files {
		if err := validatePath(f.Path, place{i, "path"}); err != nil {
			return err
		}
		if f.Target == nil {
			continue
		}
		if err := validatePath(f.Target, place{i, "symlink path"}); err != nil {
			return err
		}
		if f.Length != 0 {
			return place{i, "length"}.refuse(NoOffset, "is that of a link, which has no bytes")
		}
	}
	return s.validateTree()
}

func validatePath(path []string, p place) error {
	if len(path) == 0 {
		return p.refuse(NoOffset, "is empty")
	}
	for _, component := range path {
		if reason := nameFault(component); reason != "" {
			return p.refuse(NoOffset, reason)
		}
	}
	return nil
}

// validateTree refuses a path that occurs twice or is a file and a folder.
func (s *Spec) validateTree() error {
	order := make([]int, len(s.Files))
	for i := range order {
		order[i] = i
	}
	path := func(i int) []string { return s.Files[order[i]].Path }
	slices.SortStableFunc(order, func(a, b int) int { return slices.Compare(s.Files[a].Path, s.Files[b].Path) })
	for i := 1; i < len(order); i++ {
		shorter, longer := path(i-1), path(i)
		if len(longer) < len(shorter) || !slices.Equal(shorter, longer[:len(shorter)]) {
			continue
		}
		reason := "occurs twice"
		if len(longer) > len(shorter) {
			reason = "has a file as its folder"
		}
		return place{order[i], "path"}.refuse(NoOffset, reason)
	}
	return nil
}

// nameFault says why a name cannot stand for a file anywhere, if it cannot.
func nameFault(name string) string {
	switch {
	case name == "":
		return "has an empty name"
	case name == "." || name == "..":
		return "has the name " + name
	case strings.ContainsAny(name, "/\x00"):
		return "has a name with a slash or a zero byte"
	}
	return ""
}
