package metainfo

import (
	"strconv"

	"github.com/etorrent/etorrent/bencode"
)

// fileFields are the values of one file's dictionary.
type fileFields struct {
	dict           bencode.Value
	attr, length   bencode.Value
	path, pathUTF8 bencode.Value
	symlink        bencode.Value
}

func readFileFields(dict bencode.Value) fileFields {
	f := fileFields{dict: dict}
	for key, v := range dict.Pairs() {
		switch string(key) {
		case "attr":
			f.attr.Keep(v)
		case "length":
			f.length.Keep(v)
		case "path":
			f.path.Keep(v)
		case "path.utf-8":
			f.pathUTF8.Keep(v)
		case "symlink path":
			f.symlink.Keep(v)
		}
	}
	return f
}

// singleFile reads the one file that an info dictionary without files is. It
// is data: a torrent of nothing but padding or a link makes no sense.
func (f *finder) singleFile(info *Info, fields *infoFields) error {
	p := field("info.length")
	n, err := p.integer(fields.single.length, fields.dict, 0, maxTotal(info.PieceLength))
	if err != nil {
		return err
	}
	_, attributes := f.attributes(fields.single.attr, field("info.attr"))
	info.TotalLength = n
	info.Files = []File{{Path: []string{info.Name}, Length: n, Attributes: attributes}}
	return nil
}

func (f *finder) multiFile(info *Info, fields *infoFields) error {
	p, v := field("info.files"), fields.files
	if err := p.require(v, fields.dict, bencode.List); err != nil {
		return err
	}
	count := v.Len()
	if count == 0 {
		return p.refuse(v.Offset(), "is empty")
	}
	if count > MaxFiles {
		return p.refuse(v.Offset(), "has "+strconv.Itoa(count)+" members, more than "+strconv.Itoa(MaxFiles))
	}
	info.Files = make([]File, 0, count)
	texts := newTextPool(v)
	for dict := range v.Items() {
		file, err := f.file(dict, len(info.Files), texts, maxTotal(info.PieceLength)-info.TotalLength)
		if err != nil {
			return err
		}
		file.Offset = info.TotalLength
		info.TotalLength += file.Length
		info.Files = append(info.Files, file)
	}
	return nil
}

// file reads file i, which may have up to most bytes.
func (f *finder) file(dict bencode.Value, i int, texts *textPool, most int64) (File, error) {
	if kind := dict.Kind(); kind != bencode.Dict {
		return File{}, field("info.files["+strconv.Itoa(i)+"]").
			refuse(dict.Offset(), "is of type "+kind.String()+" instead of dictionary")
	}
	fields := readFileFields(dict)
	role, attributes := f.attributes(fields.attr, place{i, "attr"})
	file := File{Role: role, Attributes: attributes}
	var err error
	if file.Length, err = f.length(fields, role, i, most); err != nil {
		return File{}, err
	}
	if file.Path, err = f.path(fields, role, i, texts); err != nil {
		return File{}, err
	}
	if role == FileSymlink {
		file.Target, err = texts.components(fields.symlink, dict, place{i, "symlink path"})
	}
	return file, err
}

// length reads the length of a file. A symbolic link has no bytes and may leave
// it out (BEP 47).
func (f *finder) length(fields fileFields, role Role, i int, most int64) (int64, error) {
	p, v := place{i, "length"}, fields.length
	switch role {
	case FileData, FilePadding:
		return p.integer(v, fields.dict, 0, most)
	case FileSymlink:
	}
	if n, ok := v.Int(); v.Kind() != bencode.Absent && (!ok || n != 0) {
		f.note(SymlinkLengthIgnored, p, v.Offset())
	}
	return 0, nil
}

// path reads where a file lies. Padding is never stored and needs no path
// (BEP 47).
func (f *finder) path(fields fileFields, role Role, i int, texts *textPool) ([]string, error) {
	p := place{i, "path"}
	v := f.preferUTF8(fields.path, fields.pathUTF8, bencode.List, p)
	if role == FilePadding && v.Kind() == bencode.Absent {
		return nil, nil
	}
	path, err := texts.components(v, fields.dict, p)
	if err == nil && len(path) == 0 && role != FilePadding {
		return nil, p.refuse(v.Offset(), "is empty")
	}
	return path, err
}

// attributes reads BEP 47's letters; unknown ones mean nothing.
func (f *finder) attributes(v bencode.Value, p place) (Role, Attributes) {
	letters, ok := v.Bytes()
	if !ok && v.Kind() != bencode.Absent {
		f.note(FieldIgnored, p, v.Offset())
	}
	role, attributes := FileData, Attributes(0)
	for _, c := range letters {
		switch c {
		case 'p':
			role = FilePadding
		case 'l':
			role = FileSymlink
			f.note(SymlinkFound, p, v.Offset())
		case 'x':
			attributes |= Executable
		case 'h':
			attributes |= Hidden
		}
	}
	return role, attributes
}

// textPool makes the paths of many files out of one copy of their encoding and
// few slices.
type textPool struct {
	text string // the encoding of the list of files
	base int    // its offset in the document
	free []string
}

func newTextPool(list bencode.Value) *textPool {
	return &textPool{text: string(list.Raw()), base: list.Offset()}
}

// components reads a list of strings that must be there.
func (t *textPool) components(list, owner bencode.Value, p place) ([]string, error) {
	if err := p.require(list, owner, bencode.List); err != nil {
		return nil, err
	}
	n := list.Len()
	if n > len(t.free) {
		t.free = make([]string, max(n, 4096))
	}
	path := t.free[:0:n]
	t.free = t.free[n:]
	for v := range list.Items() {
		contents, ok := v.Bytes()
		if !ok {
			element := place{p.file, p.name + "[" + strconv.Itoa(len(path)) + "]"}
			return nil, element.require(v, list, bencode.String)
		}
		end := v.Offset() - t.base + len(v.Raw())
		path = append(path, t.text[end-len(contents):end])
	}
	return path, nil
}
