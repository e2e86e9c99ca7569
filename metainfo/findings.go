package metainfo

import (
	"strconv"

	"github.com/etorrent/etorrent/bencode"
)

// Finding is something unusual about a torrent or magnet link that does not
// keep it from being used. Field is the path to it as in FieldError, or empty
// for a breach of the encoding outside the info dictionary ("info" inside).
// Offset counts bytes of what was parsed.
type Finding struct {
	Kind   FindingKind
	Field  string
	Offset int
}

// String returns a sentence for people.
func (f Finding) String() string {
	if f.Field == "" {
		return "byte " + strconv.Itoa(f.Offset) + ": " + f.Kind.String()
	}
	return at(f.Field, f.Offset) + ": " + f.Kind.String()
}

// FindingKind says what was found.
type FindingKind uint8

// The breaches of the encoding, as in package bencode.
const (
	KeysUnsorted        = FindingKind(bencode.KeysUnsorted)
	KeyRepeated         = FindingKind(bencode.KeyRepeated)
	IntegerLeadingZero  = FindingKind(bencode.IntegerLeadingZero)
	IntegerNegativeZero = FindingKind(bencode.IntegerNegativeZero)
	IntegerOutOfRange   = FindingKind(bencode.IntegerOutOfRange)
	LengthLeadingZero   = FindingKind(bencode.LengthLeadingZero)
	TrailingBytes       = FindingKind(bencode.TrailingBytes)
)

// What is unusual about fields.
const (
	// UTF8KeyUsed: "name.utf-8" or the like was taken instead of "name".
	UTF8KeyUsed FindingKind = 100 + iota
	// NameEmpty: the name has no bytes.
	NameEmpty
	// PieceLengthUnusual: the piece length is no multiple of 16 KiB.
	PieceLengthUnusual
	// PrivateUnusual: "private" is neither 0 nor 1; read as 1.
	PrivateUnusual
	// SymlinkFound: a file is a symbolic link.
	SymlinkFound
	// SymlinkLengthIgnored: a symbolic link claims bytes; read as 0.
	SymlinkLengthIgnored
	// HybridReadAsV1: the torrent has version 2 as well, which was not looked at.
	HybridReadAsV1
	// TierlessTrackers: "announce-list" names trackers without tiers; each was
	// read as a tier.
	TierlessTrackers
	// FieldIgnored: an optional value is malformed or too long and was left out.
	FieldIgnored
	// ListShortened: an optional list is too long; its rest was left out.
	ListShortened
)

// String says the kind for people.
func (k FindingKind) String() string {
	switch k {
	case KeysUnsorted, KeyRepeated, IntegerLeadingZero, IntegerNegativeZero, IntegerOutOfRange,
		LengthLeadingZero, TrailingBytes:
		return bencode.Irregularity(k).String()
	case UTF8KeyUsed:
		return "the UTF-8 variant of this key was used"
	case NameEmpty:
		return "the name is empty"
	case PieceLengthUnusual:
		return "no multiple of 16 KiB"
	case PrivateUnusual:
		return "neither 0 nor 1, read as 1"
	case SymlinkFound:
		return "a symbolic link"
	case SymlinkLengthIgnored:
		return "length of a symbolic link ignored"
	case HybridReadAsV1:
		return "version 2 of this torrent ignored"
	case TierlessTrackers:
		return "trackers without tiers"
	case FieldIgnored:
		return "unusable, ignored"
	case ListShortened:
		return "too long, the rest was ignored"
	}
	return "unknown finding"
}

// maxFindings is how many findings this package adds to those of the encoding.
const maxFindings = 64

// finder collects findings of fields.
type finder struct{ found []Finding }

func (f *finder) note(k FindingKind, field place, offset int) {
	if len(f.found) < maxFindings {
		f.found = append(f.found, Finding{Kind: k, Field: field.String(), Offset: offset})
	}
}

// encodingFindings translates what the decoder found in a document whose info
// dictionary is info.
func encodingFindings(found []bencode.Finding, info bencode.Value) []Finding {
	var out []Finding
	for _, f := range found {
		field := ""
		if in := f.Offset - info.Offset(); in >= 0 && in < len(info.Raw()) {
			field = "info"
		}
		out = append(out, Finding{Kind: FindingKind(f.Irregularity), Field: field, Offset: f.Offset})
	}
	return out
}
