// Package bencode reads and writes the encoding of .torrent files, tracker
// answers, DHT messages and extension messages (BEP 3).
//
// Reading is done once over bytes that may be hostile: [Parse] checks the whole
// document against limits and gives a [Value], which finds its parts in the
// bytes as they were received. Nothing is copied or allocated for a document
// that follows the rules, so an info-hash can be taken of [Value.Raw]. A breach
// of the rules that leaves the meaning clear is a [Finding] and no refusal.
package bencode

import "iter"

// Kind says what a Value is.
type Kind uint8

// The kinds of values. Absent is the kind of the zero Value: what a dictionary
// gives for a key that it lacks.
const (
	Absent Kind = iota
	Integer
	String
	List
	Dict
)

// String names the kind as one would in a message: "dictionary".
func (k Kind) String() string {
	switch k {
	case Absent:
		return "nothing"
	case Integer:
		return "integer"
	case String:
		return "string"
	case List:
		return "list"
	case Dict:
		return "dictionary"
	}
	return "unknown kind"
}

// Value is one value of a parsed document. It aliases the document's bytes,
// which must not change while the Value is in use. It may be copied. The zero
// Value is Absent and safe to ask anything.
type Value struct {
	raw    []byte
	offset int
}

// Kind says what the value is.
func (v Value) Kind() Kind {
	if len(v.raw) == 0 {
		return Absent
	}
	switch v.raw[0] {
	case 'i':
		return Integer
	case 'l':
		return List
	case 'd':
		return Dict
	}
	return String
}

// Raw is the value as it was received, with its own delimiters.
func (v Value) Raw() []byte { return v.raw }

// Offset is where Raw begins in the document that was parsed.
func (v Value) Offset() int { return v.offset }

// Int returns the integer, and false for another kind or for an integer that
// does not fit 64 bits.
func (v Value) Int() (int64, bool) {
	if v.Kind() != Integer {
		return 0, false
	}
	return decimal(v.raw[1 : len(v.raw)-1])
}

// Bytes returns the contents of a string, aliasing the document, and false for
// another kind.
func (v Value) Bytes() ([]byte, bool) {
	if v.Kind() != String {
		return nil, false
	}
	body, _ := stringAt(v.raw, 0)
	return body, true
}

// Text returns a copy of the contents of a string, and false for another kind.
// The contents are arbitrary bytes and may not be UTF-8.
func (v Value) Text() (string, bool) {
	b, ok := v.Bytes()
	return string(b), ok
}

// Items yields the members of a list in order, and nothing for another kind.
func (v Value) Items() iter.Seq[Value] {
	return func(yield func(Value) bool) {
		if v.Kind() != List {
			return
		}
		for at := 1; v.raw[at] != 'e'; {
			end := skip(v.raw, at)
			if !yield(v.part(at, end)) {
				return
			}
			at = end
		}
	}
}

// Pairs yields the keys and values of a dictionary in the order received, and
// nothing for another kind. A key that occurs twice is yielded twice; take the
// first, as Get does ([Value.Keep] helps).
func (v Value) Pairs() iter.Seq2[[]byte, Value] {
	return func(yield func([]byte, Value) bool) {
		if v.Kind() != Dict {
			return
		}
		for at := 1; v.raw[at] != 'e'; {
			key, start := stringAt(v.raw, at)
			end := skip(v.raw, start)
			if !yield(key, v.part(start, end)) {
				return
			}
			at = end
		}
	}
}

// Get returns the first value of a dictionary under the key. It is Absent if
// there is none or v is no dictionary, so that look-ups can be chained. Each
// call walks the dictionary: to read many keys of a large one, use Pairs.
func (v Value) Get(key string) Value {
	for k, found := range v.Pairs() {
		if string(k) == key {
			return found
		}
	}
	return Value{}
}

// Keep sets v to w if v is Absent: the first of several equal keys wins.
func (v *Value) Keep(w Value) {
	if v.raw == nil {
		*v = w
	}
}

// Len is the number of members of a list or of pairs of a dictionary; 0 for
// another kind. It walks the value.
func (v Value) Len() int {
	n := 0
	for range v.Items() {
		n++
	}
	for range v.Pairs() {
		n++
	}
	return n
}

func (v Value) part(start, end int) Value {
	return Value{raw: v.raw[start:end:end], offset: v.offset + start}
}
