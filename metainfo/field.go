package metainfo

import (
	"strconv"

	"github.com/etorrent/etorrent/bencode"
)

// place names a field. It is a value of its own so that the name of a file's
// field is only spelt where it is needed: a torrent may have a million files.
type place struct {
	file int // the index in info.files, or noFile
	name string
}

const noFile = -1

func field(name string) place { return place{file: noFile, name: name} }

// String returns the name as in FieldError.
func (p place) String() string {
	if p.file == noFile {
		return p.name
	}
	return "info.files[" + strconv.Itoa(p.file) + "]." + p.name
}

func (p place) refuse(offset int, reason string) error {
	return &FieldError{Field: p.String(), Offset: offset, Reason: reason}
}

// require refuses a value of another kind than want. Where the value is absent,
// owner is the dictionary that lacks it.
func (p place) require(v, owner bencode.Value, want bencode.Kind) error {
	switch got := v.Kind(); got {
	case want:
		return nil
	case bencode.Absent:
		return p.refuse(owner.Offset(), "is missing")
	case bencode.Integer, bencode.String, bencode.List, bencode.Dict:
		return p.refuse(v.Offset(), "is of type "+got.String()+" instead of "+want.String())
	}
	panic("metainfo: unknown kind")
}

// integer reads an integer that must be there, in [least, most].
func (p place) integer(v, owner bencode.Value, least, most int64) (int64, error) {
	if err := p.require(v, owner, bencode.Integer); err != nil {
		return 0, err
	}
	n, ok := v.Int()
	switch {
	case ok && n >= least && n <= most:
		return n, nil
	case v.Raw()[1] == '-':
		return 0, p.refuse(v.Offset(), "is negative")
	case ok && n < least:
		return 0, p.refuse(v.Offset(), "is less than "+strconv.FormatInt(least, 10))
	}
	return 0, p.refuse(v.Offset(), "is more than "+strconv.FormatInt(most, 10))
}

// optionalText reads a string that may be missing; one of another kind is
// noted and left out.
func (f *finder) optionalText(v bencode.Value, p place) string {
	s, ok := v.Text()
	if !ok && v.Kind() != bencode.Absent {
		f.note(FieldIgnored, p, v.Offset())
	}
	return s
}

// preferUTF8 returns that of two variants of a field which holds UTF-8 if it is
// there and of the kind wanted, and notes that it did.
func (f *finder) preferUTF8(plain, utf8 bencode.Value, want bencode.Kind, p place) bencode.Value {
	switch utf8.Kind() {
	case bencode.Absent:
		return plain
	case want:
		f.note(UTF8KeyUsed, p, utf8.Offset())
		return utf8
	case bencode.Integer, bencode.String, bencode.List, bencode.Dict:
	}
	f.note(FieldIgnored, place{p.file, p.name + ".utf-8"}, utf8.Offset())
	return plain
}
