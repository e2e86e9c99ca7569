package bencode

import "math"

// The functions here walk bytes that the parser has accepted, so that they need
// no checks of their own.

// skip returns where the value that begins at ends.
func skip(b []byte, at int) int {
	for depth := 0; ; {
		switch b[at] {
		case 'd', 'l':
			depth++
			at++
		case 'e':
			depth--
			at++
		case 'i':
			for b[at] != 'e' {
				at++
			}
			at++
		default:
			_, at = stringAt(b, at)
		}
		if depth == 0 {
			return at
		}
	}
}

// stringAt returns the contents of the string that begins at, and where it ends.
func stringAt(b []byte, at int) (body []byte, end int) {
	n := 0
	for ; b[at] != ':'; at++ {
		n = n*10 + int(b[at]-'0')
	}
	end = at + 1 + n
	return b[at+1 : end : end], end
}

// decimal returns the integer that an optional sign and digits spell, and false
// if it does not fit.
func decimal(digits []byte) (int64, bool) {
	negative := digits[0] == '-'
	if negative {
		digits = digits[1:]
	}
	// The sum is kept negative because the least integer has no opposite.
	n := int64(0)
	for _, c := range digits {
		d := int64(c - '0')
		if n < (math.MinInt64+d)/10 {
			return 0, false
		}
		n = n*10 - d
	}
	if negative {
		return n, true
	}
	return -n, n != math.MinInt64
}
