package metainfo

import (
	"crypto/sha1"
	"math"
	"strconv"

	"github.com/etorrent/etorrent/bencode"
)

const blockSize = 16 << 10

// ParseInfo reads an info dictionary that stands alone (BEP 9). The Info
// aliases b. Whether it is the one that was asked for, its ID tells. The error
// is a *bencode.SyntaxError, a *FieldError or an *UnsupportedError.
func ParseInfo(b []byte) (*Info, error) {
	v, found, err := bencode.Parse(b, limits())
	if err != nil {
		return nil, err
	}
	// The info-hash covers all of b, so it must hold nothing else.
	if len(v.Raw()) < len(b) {
		return nil, field("info").refuse(len(v.Raw()), "is followed by other bytes")
	}
	if err := field("info").require(v, v, bencode.Dict); err != nil {
		return nil, err
	}
	var f finder
	info, err := f.info(v)
	if err != nil {
		return nil, err
	}
	info.Findings = append(encodingFindings(found, v), f.found...)
	return info, nil
}

func limits() bencode.Limits {
	return bencode.Limits{MaxBytes: MaxTorrentBytes, MaxItems: 16 * MaxFiles}
}

// infoFields are the values of an info dictionary, before they are judged.
type infoFields struct {
	dict                    bencode.Value
	name, nameUTF8          bencode.Value
	pieceLength, pieces     bencode.Value
	files                   bencode.Value
	single                  fileFields // the file of a torrent without files
	private, source         bencode.Value
	metaVersion, v2FileTree bencode.Value
}

func readInfoFields(dict bencode.Value) *infoFields {
	f := &infoFields{dict: dict}
	for key, v := range dict.Pairs() {
		switch string(key) {
		case "attr":
			f.single.attr.Keep(v)
		case "file tree":
			f.v2FileTree.Keep(v)
		case "files":
			f.files.Keep(v)
		case "length":
			f.single.length.Keep(v)
		case "meta version":
			f.metaVersion.Keep(v)
		case "name":
			f.name.Keep(v)
		case "name.utf-8":
			f.nameUTF8.Keep(v)
		case "piece length":
			f.pieceLength.Keep(v)
		case "pieces":
			f.pieces.Keep(v)
		case "private":
			f.private.Keep(v)
		case "source":
			f.source.Keep(v)
		}
	}
	return f
}

func (f *finder) info(dict bencode.Value) (*Info, error) {
	fields := readInfoFields(dict)
	if err := f.version(fields); err != nil {
		return nil, err
	}
	info := &Info{InfoBytes: dict.Raw()}
	for _, read := range []func(*Info, *infoFields) error{f.name, f.pieceLength, f.content, f.pieces} {
		if err := read(info, fields); err != nil {
			return nil, err
		}
	}
	info.hash = HashInfo(info.InfoBytes)
	info.Privacy = f.privacy(fields.private)
	info.Source = f.optionalText(fields.source, field("info.source"))
	return info, nil
}

// version comes first, as BEP 52 asks: what a later version means by the other
// fields is unknown here.
func (f *finder) version(fields *infoFields) error {
	p, v := field("info.meta version"), fields.metaVersion
	version := int64(1)
	if v.Kind() != bencode.Absent {
		var err error
		if version, err = p.integer(v, v, 1, math.MaxInt64); err != nil {
			return err
		}
	}
	if version > 2 {
		feature := "torrents of version " + strconv.FormatInt(version, 10)
		return &UnsupportedError{Field: p.String(), Offset: v.Offset(), Feature: feature}
	}
	if version < 2 && fields.v2FileTree.Kind() == bencode.Absent {
		return nil
	}
	if fields.pieces.Kind() == bencode.Absent {
		return &UnsupportedError{Field: "info", Offset: fields.dict.Offset(), Feature: version2}
	}
	f.note(HybridReadAsV1, field("info"), fields.dict.Offset())
	return nil
}

func (f *finder) name(info *Info, fields *infoFields) error {
	p := field("info.name")
	v := f.preferUTF8(fields.name, fields.nameUTF8, bencode.String, p)
	if err := p.require(v, fields.dict, bencode.String); err != nil {
		return err
	}
	info.Name, _ = v.Text()
	if info.Name == "" {
		f.note(NameEmpty, p, v.Offset())
	}
	return nil
}

func (f *finder) pieceLength(info *Info, fields *infoFields) error {
	p := field("info.piece length")
	n, err := p.integer(fields.pieceLength, fields.dict, 1, MaxPieceLength)
	if err != nil {
		return err
	}
	if n%blockSize != 0 {
		f.note(PieceLengthUnusual, p, fields.pieceLength.Offset())
	}
	info.PieceLength = n
	return nil
}

// content reads the files. If both forms are given, the list of files counts.
func (f *finder) content(info *Info, fields *infoFields) error {
	if fields.files.Kind() == bencode.Absent {
		return f.singleFile(info, fields)
	}
	if v := fields.single.length; v.Kind() != bencode.Absent {
		f.note(FieldIgnored, field("info.length"), v.Offset())
	}
	info.Layout = MultiFile
	return f.multiFile(info, fields)
}

func (f *finder) pieces(info *Info, fields *infoFields) error {
	p, v := field("info.pieces"), fields.pieces
	if err := p.require(v, fields.dict, bencode.String); err != nil {
		return err
	}
	sums, _ := v.Bytes()
	if len(sums)%sha1.Size != 0 {
		return p.refuse(v.Offset(), "has "+strconv.Itoa(len(sums))+" bytes, no multiple of 20")
	}
	got, want := int64(len(sums)/sha1.Size), pieceCount(info.TotalLength, info.PieceLength)
	if got != want {
		return p.refuse(v.Offset(), "has "+strconv.FormatInt(got, 10)+" hashes, but the files fill "+
			strconv.FormatInt(want, 10)+" pieces")
	}
	info.pieces = sums
	return nil
}

// pieceCount cannot overflow for a total within maxTotal.
func pieceCount(total, pieceLength int64) int64 { return (total + pieceLength - 1) / pieceLength }

// maxTotal is the most bytes that a torrent can have.
func maxTotal(pieceLength int64) int64 { return MaxPieces * pieceLength }

// privacy takes every value but 0 for private: to search for peers elsewhere
// against a publisher's will is worse than not to.
func (f *finder) privacy(v bencode.Value) Privacy {
	if v.Kind() == bencode.Absent {
		return Public
	}
	n, ok := v.Int()
	switch {
	case ok && n == 0:
		return Public
	case !ok || n != 1:
		f.note(PrivateUnusual, field("info.private"), v.Offset())
	}
	return Private
}
