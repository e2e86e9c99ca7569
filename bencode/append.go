package bencode

import "strconv"

// AppendInt appends the integer n.
func AppendInt(dst []byte, n int64) []byte {
	return append(strconv.AppendInt(append(dst, 'i'), n, 10), 'e')
}

// AppendBytes appends the string b.
func AppendBytes(dst, b []byte) []byte {
	return append(append(strconv.AppendInt(dst, int64(len(b)), 10), ':'), b...)
}

// AppendText appends the string s.
func AppendText(dst []byte, s string) []byte {
	return append(append(strconv.AppendInt(dst, int64(len(s)), 10), ':'), s...)
}

// AppendList appends a list of what fill writes.
func AppendList(dst []byte, fill func(*ListWriter)) []byte {
	w := ListWriter{dst: append(dst, 'l')}
	fill(&w)
	return append(w.dst, 'e')
}

// AppendDict appends a dictionary of what fill writes.
func AppendDict(dst []byte, fill func(*DictWriter)) []byte {
	w := DictWriter{dst: append(dst, 'd')}
	fill(&w)
	return append(w.dst, 'e')
}

// ListWriter writes the members of one list, for as long as the function runs
// that received it.
type ListWriter struct{ dst []byte }

// Int writes an integer.
func (w *ListWriter) Int(n int64) { w.dst = AppendInt(w.dst, n) }

// Bytes writes a string.
func (w *ListWriter) Bytes(b []byte) { w.dst = AppendBytes(w.dst, b) }

// Text writes a string.
func (w *ListWriter) Text(s string) { w.dst = AppendText(w.dst, s) }

// Raw writes a value that is encoded already. It is not checked.
func (w *ListWriter) Raw(encoded []byte) { w.dst = append(w.dst, encoded...) }

// List writes a list.
func (w *ListWriter) List(fill func(*ListWriter)) { w.dst = AppendList(w.dst, fill) }

// Dict writes a dictionary.
func (w *ListWriter) Dict(fill func(*DictWriter)) { w.dst = AppendDict(w.dst, fill) }

// DictWriter writes the pairs of one dictionary, for as long as the function
// runs that received it. Keys must come in ascending order of their bytes, each
// once (BEP 3); another order is a bug of the caller and panics.
type DictWriter struct {
	dst  []byte
	last string
	keys int
}

// Int writes an integer.
func (w *DictWriter) Int(key string, n int64) { w.dst = AppendInt(w.key(key), n) }

// Bytes writes a string.
func (w *DictWriter) Bytes(key string, b []byte) { w.dst = AppendBytes(w.key(key), b) }

// Text writes a string.
func (w *DictWriter) Text(key, s string) { w.dst = AppendText(w.key(key), s) }

// Raw writes a value that is encoded already. It is not checked.
func (w *DictWriter) Raw(key string, encoded []byte) { w.dst = append(w.key(key), encoded...) }

// List writes a list.
func (w *DictWriter) List(key string, fill func(*ListWriter)) {
	w.dst = AppendList(w.key(key), fill)
}

// Dict writes a dictionary.
func (w *DictWriter) Dict(key string, fill func(*DictWriter)) {
	w.dst = AppendDict(w.key(key), fill)
}

func (w *DictWriter) key(key string) []byte {
	if w.keys > 0 && key <= w.last {
		panic("bencode: key " + strconv.Quote(key) + " after key " + strconv.Quote(w.last))
	}
	w.last = key
	w.keys++
	return AppendText(w.dst, key)
}
