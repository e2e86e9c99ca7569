package ipfilter

import (
	"bytes"
	"errors"
	"fmt"
	"net/netip"
	"strconv"
)

// rangeBytes is more than any range has, so that a long name costs nothing.
const rangeBytes = 128

// levelPermitted is the level of a DAT file from which on a range is not blocked.
const levelPermitted = 127

// lineEvidence says what a line is.
//
//sumtype:decl
type lineEvidence interface{ lineEvidence() }

type (
	comment   struct{} // or nothing
	permitted struct{} // a range of DAT that is not blocked
	blocked4  span[uint32]
	blocked6  span[wide]
)

func (comment) lineEvidence()   {}
func (permitted) lineEvidence() {}
func (blocked4) lineEvidence()  {}
func (blocked6) lineEvidence()  {}

// viewLine reads a line.
func viewLine(line []byte) (lineEvidence, error) {
	line = bytes.TrimSpace(line)
	if n := bytes.IndexAny(line, "#;"); n == 0 || len(line) == 0 || bytes.HasPrefix(line, []byte("//")) {
		return comment{}, nil
	}
	e, first := viewPlain(uncommented(line))
	if isRange(first) {
		return e, first
	}
	// P2P: the name may have anything in it, so that the range is behind the first
	// colon behind which there is one.
	for rest := line[max(0, len(line)-rangeBytes):]; ; {
		_, behind, found := bytes.Cut(rest, []byte{':'})
		if !found {
			return nil, first
		}
		if e, err := viewPlain(behind); isRange(err) {
			return e, err
		}
		rest = behind
	}
}

// isRange says whether an error, nil included, is of two addresses.
func isRange(err error) bool {
	return err == nil || errors.Is(err, errTwoFamilies) || errors.Is(err, errBackwards)
}

// uncommented is a line without the comment behind it.
func uncommented(line []byte) []byte {
	if n := bytes.IndexAny(line, "#;"); n >= 0 {
		line = line[:n]
	}
	return bytes.TrimSpace(line)
}

// viewPlain reads a line without a name before it.
func viewPlain(line []byte) (lineEvidence, error) {
	addresses, rest, has := bytes.Cut(line, []byte{','})
	e, err := viewRange(bytes.TrimSpace(addresses))
	if err != nil || !has {
		return e, err
	}
	level, _, _ := bytes.Cut(rest, []byte{','})
	level = bytes.TrimSpace(level)
	n, err := strconv.ParseUint(string(level), 10, 16)
	switch {
	case err != nil:
		return nil, fmt.Errorf("%q is no level", shown(level))
	case n >= levelPermitted:
		return permitted{}, nil
	}
	return e, nil
}

// viewRange reads a CIDR, an address, or two of them.
func viewRange(text []byte) (lineEvidence, error) {
	if low, high, two := bytes.Cut(text, []byte{'-'}); two {
		from, err := address(bytes.TrimSpace(low))
		if err != nil {
			return nil, err
		}
		to, err := address(bytes.TrimSpace(high))
		if err != nil {
			return nil, err
		}
		return blocked(from, to)
	}
	base, bitsText, isPrefix := bytes.Cut(text, []byte{'/'})
	a, err := address(bytes.TrimSpace(base))
	switch {
	case err != nil:
		return nil, err
	case !isPrefix:
		return blocked(a, a)
	}
	bits, err := strconv.ParseUint(string(bytes.TrimSpace(bitsText)), 10, 8)
	if err != nil || int(bits) > a.BitLen() {
		return nil, fmt.Errorf("%q is no length of a prefix", shown(bitsText))
	}
	low, _ := a.Prefix(int(bits)) // the bits fit the address
	high := low.Addr().AsSlice()
	for n := int(bits); n < a.BitLen(); n++ {
		high[n/8] |= 0x80 >> (n % 8)
	}
	last, _ := netip.AddrFromSlice(high)
	return blocked(low.Addr(), last)
}

var (
	errTwoFamilies = errors.New("the range begins in one address family and ends in another")
	errBackwards   = errors.New("the range ends before it begins")
)

func blocked(from, to netip.Addr) (lineEvidence, error) {
	switch {
	case from.BitLen() != to.BitLen():
		return nil, errTwoFamilies
	case to.Less(from):
		return nil, errBackwards
	case from.Is4():
		return blocked4{number4(from), number4(to)}, nil
	}
	return blocked6{number6(from), number6(to)}, nil
}

// address reads an address. Octets of IPv4 are decimal, also with leading zeros.
func address(text []byte) (netip.Addr, error) {
	wrong := func() (netip.Addr, error) {
		return netip.Addr{}, fmt.Errorf("%q is no address", shown(text))
	}
	if len(text) == 0 || len(text) > 64 || bytes.IndexByte(text, '%') >= 0 {
		return wrong()
	}
	if bytes.IndexByte(text, ':') >= 0 {
		a, err := netip.ParseAddr(string(text))
		if err != nil {
			return wrong()
		}
		return a.Unmap(), nil
	}
	var octets [4]byte
	left := text
	for n := range octets {
		part, rest, more := bytes.Cut(left, []byte{'.'})
		value := 0
		for _, digit := range part {
			if digit < '0' || digit > '9' {
				return wrong()
			}
			value = 10*value + int(digit-'0')
		}
		if len(part) == 0 || len(part) > 3 || value > 255 || (n < 3) != more {
			return wrong()
		}
		octets[n], left = byte(value), rest
	}
	return netip.AddrFrom4(octets), nil
}

// shown is a text, cut to what an error may show of it.
func shown(text []byte) []byte {
	return text[:min(len(text), 60)]
}
