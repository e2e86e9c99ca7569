// Package serial has the 16-bit sequence numbers of uTP, which wrap.
package serial

import "strconv"

// Number is a uTP sequence number: a seq_nr or an ack_nr (BEP 29). Numbers are
// 2^16 in a circle; of two that are less than half a circle apart, one is
// before the other. Numbers exactly half a circle apart have no order.
type Number uint16

// Add returns the number n steps on, or back where n is negative.
func (s Number) Add(n int) Number { return s + Number(n) }

// Next returns the number after s.
func (s Number) Next() Number { return s + 1 }

// Previous returns the number before s.
func (s Number) Previous() Number { return s - 1 }

// Diff returns the steps from o to s by the shorter way, in [-32768, 32767]:
// positive if s is after o. Half a circle counts as -32768 from either side.
func (s Number) Diff(o Number) int { return int(int16(s - o)) }

// Less says whether s is before o.
func (s Number) Less(o Number) bool { return s != o && uint16(o-s) < 1<<15 }

// String returns the number in decimal.
func (s Number) String() string { return strconv.Itoa(int(s)) }
