// Package amount reads and writes sizes and rates as people give them.
package amount

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// Error says why a text is no amount.
type Error struct {
	Text   string
	Reason string // continues a sentence: "is negative"
}

// Error returns a sentence for people.
func (e *Error) Error() string { return fmt.Sprintf("%q %s", e.Text, e.Reason) }

// binary are the suffixes of bytes, each 1024 times the one before.
const binary = "KMGTPE"

// decimal are the multiples of bits, which telecommunications count in 1000s.
var decimal = map[string]float64{"bit": 1, "kbit": 1e3, "mbit": 1e6, "gbit": 1e9}

// ParseSize reads a number of bytes: "16384", "16K", "1.5M", "2GiB". Suffixes
// count in 1024s. The error is an *Error.
func ParseSize(s string) (int64, error) {
	number, suffix := split(s)
	factor, known := byteFactor(suffix)
	if !known {
		return 0, &Error{s, "is no size; write 256K, 4M or 1G"}
	}
	return scale(s, number, factor)
}

// ParseRate reads a number of bytes a second: "5M" in 1024s, "40mbit" in bits
// and 1000s, and "0" for no limit. "/s" may follow. The error is an *Error.
func ParseRate(s string) (int64, error) {
	number, suffix := split(strings.TrimSuffix(strings.TrimSpace(s), "/s"))
	if factor, bits := decimal[strings.ToLower(suffix)]; bits {
		return scale(s, number, factor/8)
	}
	factor, known := byteFactor(suffix)
	if !known {
		return 0, &Error{s, "is no rate; write 5M (bytes a second), 40mbit, or 0 for no limit"}
	}
	return scale(s, number, factor)
}

// split parts a number from what follows it.
func split(s string) (number, suffix string) {
	s = strings.TrimSpace(s)
	end := len(s) - len(strings.TrimLeft(s, "0123456789.+-"))
	return s[:end], strings.TrimSpace(s[end:])
}

// byteFactor knows "", "B", "K", "KB", "KiB" and so on, in either case.
func byteFactor(suffix string) (float64, bool) {
	s := strings.ToUpper(suffix)
	if s == "" || s == "B" {
		return 1, true
	}
	power := strings.IndexByte(binary, s[0])
	if rest := s[1:]; power < 0 || rest != "" && rest != "B" && rest != "IB" {
		return 0, false
	}
	return math.Pow(1024, float64(power+1)), true
}

func scale(s, number string, factor float64) (int64, error) {
	n, err := strconv.ParseFloat(number, 64)
	if err != nil {
		return 0, &Error{s, "does not begin with a number"}
	}
	n *= factor
	switch {
	case n < 0:
		return 0, &Error{s, "is negative"}
	case n >= 1<<62:
		return 0, &Error{s, "is too large"}
	case n > 0 && n < 1:
		return 0, &Error{s, "is less than one byte"}
	}
	return int64(math.Round(n)), nil
}

// Size writes bytes in 1024s, in at most 8 columns for sizes below 900 TiB:
// "0 B", "1.5 KiB", "12.0 MiB", "1023 GiB".
func Size(n int64) string {
	if n < 1024 {
		return strconv.FormatInt(n, 10) + " B"
	}
	f, unit := float64(n)/1024, 0
	for f >= 999.95 && unit < len("KMGTPE")-1 {
		f /= 1024
		unit++
	}
	digits := 1
	if f >= 99.95 {
		digits = 0
	}
	return strconv.FormatFloat(f, 'f', digits, 64) + " " + "KMGTPE"[unit:unit+1] + "iB"
}

// Rate writes bytes a second.
func Rate(n int64) string { return Size(n) + "/s" }

// Duration writes a span in its two largest units: "41s", "3m20s", "2h05m",
// "4d03h".
func Duration(d time.Duration) string {
	s := int64(d.Round(time.Second) / time.Second)
	switch {
	case s < 60:
		return fmt.Sprintf("%ds", s)
	case s < 3600:
		return fmt.Sprintf("%dm%02ds", s/60, s%60)
	case s < 86400:
		return fmt.Sprintf("%dh%02dm", s/3600, s/60%60)
	}
	return fmt.Sprintf("%dd%02dh", s/86400, s/3600%24)
}

// number is what can be counted in.
type number interface{ ~int | ~int64 | ~uint64 }

// Count writes a number of things: "1 piece", "3 pieces".
func Count[N number](n N, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprint(n) + " " + thing + "s"
}

// Of writes how many things there are of all: "0 of 1 piece", "1 of 3 pieces".
func Of(n, all int, thing string) string { return strconv.Itoa(n) + " of " + Count(all, thing) }

// Are writes a number of things of which something is said: "1 piece is", "3 pieces are".
func Are(n int, thing string) string {
	if n == 1 {
		return "1 " + thing + " is"
	}
	return Count(n, thing) + " are"
}

// Be is the same of no things in particular: "1 is", "3 are".
func Be(n int) string {
	if n == 1 {
		return "1 is"
	}
	return strconv.Itoa(n) + " are"
}
