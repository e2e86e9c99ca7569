package bencode

import (
	"cmp"
	"slices"
)

// Parse reads the document b. The Value aliases b. Findings come in the order
// of their offsets; bytes behind the document are one of them. The error, if
// any, is a *SyntaxError.
func Parse(b []byte, l Limits) (Value, []Finding, error) {
	l = l.withDefaults()
	if len(b) > l.MaxBytes {
		return Value{}, nil, &SyntaxError{Offset: l.MaxBytes, Reason: TooLarge}
	}
	v, used, found, err := ParsePrefix(b, l)
	if err == nil && used < len(b) {
		found = append(found, Finding{Offset: used, Irregularity: TrailingBytes})
	}
	return v, found, err
}

// ParsePrefix reads the document that b begins with, and says how many bytes it
// takes: other bytes may follow (BEP 9's data messages). Otherwise it is Parse;
// the limit on bytes is that of the document without what follows.
func ParsePrefix(b []byte, l Limits) (v Value, used int, found []Finding, err error) {
	l = l.withDefaults()
	p := parser{b: b[:min(len(b), l.MaxBytes)], depth: l.MaxDepth, items: l.MaxItems}
	if e := p.value(); e != nil {
		if e.Reason == Truncated && len(p.b) < len(b) {
			e = &SyntaxError{Offset: l.MaxBytes, Reason: TooLarge}
		}
		return Value{}, 0, nil, e
	}
	slices.SortStableFunc(p.found, func(a, b Finding) int { return cmp.Compare(a.Offset, b.Offset) })
	return Value{raw: b[:p.at:p.at]}, p.at, p.found, nil
}

type parser struct {
	b     []byte
	at    int
	depth int // lists and dictionaries that may still be opened
	items int // values and keys that may still follow

	keys  keyStack // of all open dictionaries
	found []Finding
}

func (p *parser) value() *SyntaxError {
	if p.at >= len(p.b) {
		return p.fail(Truncated)
	}
	switch c := p.b[p.at]; {
	case c == 'i':
		return p.integer()
	case isDigit(c):
		_, err := p.text()
		return err
	case c == 'l':
		return p.list()
	case c == 'd':
		return p.dict()
	}
	return p.fail(UnexpectedByte)
}

func (p *parser) integer() *SyntaxError {
	if err := p.count(); err != nil {
		return err
	}
	start := p.at
	p.at++
	if p.at < len(p.b) && p.b[p.at] == '-' {
		p.at++
	}
	first := p.at
	p.digits()
	if p.at >= len(p.b) {
		return p.fail(Truncated)
	}
	if p.at == first || p.b[p.at] != 'e' {
		return p.fail(IntegerMalformed)
	}
	p.judge(start, p.b[start+1:p.at], p.b[first:p.at])
	p.at++
	return nil
}

func (p *parser) judge(start int, signed, digits []byte) {
	switch {
	case digits[0] == '0' && len(digits) > 1:
		p.note(start, IntegerLeadingZero)
	case digits[0] == '0' && len(signed) > 1:
		p.note(start, IntegerNegativeZero)
	}
	// 18 digits always fit.
	if len(digits) > 18 {
		if _, ok := decimal(signed); !ok {
			p.note(start, IntegerOutOfRange)
		}
	}
}

func (p *parser) text() ([]byte, *SyntaxError) {
	if err := p.count(); err != nil {
		return nil, err
	}
	start := p.at
	p.digits()
	if p.at >= len(p.b) {
		return nil, p.fail(Truncated)
	}
	if p.b[p.at] != ':' {
		return nil, p.fail(LengthMalformed)
	}
	n := p.length(p.b[start:p.at])
	if p.b[start] == '0' && p.at-start > 1 {
		p.note(start, LengthLeadingZero)
	}
	p.at++
	if n > len(p.b)-p.at {
		return nil, p.fail(Truncated)
	}
	p.at += n
	return p.b[p.at-n : p.at], nil
}

// length returns the number that the digits spell, or some number that the
// document cannot hold, so that no run of digits overflows.
func (p *parser) length(digits []byte) int {
	n := 0
	for _, c := range digits {
		if n > len(p.b)/10 {
			return len(p.b) + 1
		}
		n = n*10 + int(c-'0')
	}
	return n
}

func (p *parser) list() *SyntaxError {
	if err := p.open(); err != nil {
		return err
	}
	for !p.ends() {
		if err := p.value(); err != nil {
			return err
		}
	}
	return p.close()
}

func (p *parser) dict() *SyntaxError {
	if err := p.open(); err != nil {
		return err
	}
	base, order := p.keys.size, ascending
	var last []byte
	for !p.ends() {
		start := p.at
		key, err := p.pair()
		if err != nil {
			return err
		}
		if p.keys.size > base {
			order = max(order, p.compare(start, last, key, order))
		}
		p.keys.push(start)
		last = key
	}
	if order != ascending {
		p.noteRepeated(base)
	}
	p.keys.shrink(base)
	return p.close()
}

// pair reads a key and its value and returns the key.
func (p *parser) pair() ([]byte, *SyntaxError) {
	if !isDigit(p.b[p.at]) {
		return nil, p.fail(KeyNotString)
	}
	key, err := p.text()
	if err != nil {
		return nil, err
	}
	if p.ends() && p.at < len(p.b) {
		return nil, p.fail(ValueMissing)
	}
	return key, p.value()
}

func (p *parser) open() *SyntaxError {
	if err := p.count(); err != nil {
		return err
	}
	if p.depth == 0 {
		return p.fail(TooDeep)
	}
	p.depth--
	p.at++
	return nil
}

// ends says whether no further member of the open list or dictionary follows.
func (p *parser) ends() bool { return p.at >= len(p.b) || p.b[p.at] == 'e' }

func (p *parser) close() *SyntaxError {
	if p.at >= len(p.b) {
		return p.fail(Truncated)
	}
	p.depth++
	p.at++
	return nil
}

func (p *parser) digits() {
	for p.at < len(p.b) && isDigit(p.b[p.at]) {
		p.at++
	}
}

func (p *parser) count() *SyntaxError {
	if p.items == 0 {
		return p.fail(TooManyItems)
	}
	p.items--
	return nil
}

func (p *parser) note(offset int, i Irregularity) {
	if len(p.found) < MaxFindings {
		p.found = append(p.found, Finding{Offset: offset, Irregularity: i})
	}
}

func (p *parser) fail(r Reason) *SyntaxError { return &SyntaxError{Offset: p.at, Reason: r} }

func isDigit(c byte) bool { return '0' <= c && c <= '9' }
