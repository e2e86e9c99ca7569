package metainfo

import "strconv"

// NoOffset is the Offset of an error about a value that was never encoded.
const NoOffset = -1

// FieldError says which field of a torrent is unusable, and why. Field is the
// path to it ("info.files[3].length", counted from 0). Offset is where its
// value begins, or where the dictionary begins that lacks it, in bytes of what
// was parsed.
type FieldError struct {
	Field  string
	Offset int
	Reason string // continues a sentence: "is negative"
}

// Error returns a sentence for people.
func (e *FieldError) Error() string { return at(e.Field, e.Offset) + " " + e.Reason }

// UnsupportedError says that the torrent is well made, as far as was seen, but
// needs a feature that this package lacks.
type UnsupportedError struct {
	Field   string
	Offset  int    // as in FieldError
	Feature string // "torrents of version 2 (BEP 52)"
}

// Error returns a sentence for people.
func (e *UnsupportedError) Error() string {
	return at(e.Field, e.Offset) + ": " + e.Feature + " are not supported"
}

// InfoHashError says why a text is no info-hash.
type InfoHashError struct {
	Reason string // continues a sentence: "is all zeros"
}

// Error returns a sentence for people.
func (e *InfoHashError) Error() string { return "the info-hash " + e.Reason }

// MagnetError says which parameter of a magnet link is unusable, and why.
// Parameter is empty if the link as a whole is. Offset counts bytes from the
// beginning of the link.
type MagnetError struct {
	Parameter string
	Offset    int
	Reason    string // continues a sentence: "is missing"
	Err       error  // the cause, or nil
}

// Error returns a sentence for people.
func (e *MagnetError) Error() string {
	subject := "the magnet link"
	if e.Parameter != "" {
		subject = "magnet parameter " + e.Parameter
	}
	if e.Err != nil {
		return at(subject, e.Offset) + ": " + e.Err.Error()
	}
	return at(subject, e.Offset) + " " + e.Reason
}

// Unwrap returns the cause.
func (e *MagnetError) Unwrap() error { return e.Err }

const version2 = "torrents of version 2 (BEP 52)"

func at(field string, offset int) string {
	if offset == NoOffset {
		return field
	}
	return field + " (byte " + strconv.Itoa(offset) + ")"
}
