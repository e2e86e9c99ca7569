package sha1many

import "golang.org/x/sys/cpu"

// hasWide says whether the processor has what blocksWide is made of, and the system keeps
// its registers.
var hasWide = cpu.X86.HasAVX512F && cpu.X86.HasAVX512BW

// blocksWide advances Most states, whose words lie side by side, by n blocks each, which
// begin where from points.
//
//go:noescape
func blocksWide(states *[5][Most]uint32, from *[Most]*byte, n int)
