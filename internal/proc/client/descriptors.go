package client

// Shares says how the descriptors that a program may have are divided.
type Shares struct {
	Files     int // open files of torrents
	Strangers int // accepted connections that have not named a torrent
	Peers     int // connections of all torrents
	Attempts  int // connections that are being made
}

const (
	// otherDescriptors are left for the state, listeners, connection attempts and
	// what the host itself has open.
	otherDescriptors = 256
	// ownDescriptors are what the program has open with one torrent and nobody to
	// trade with: streams, the runtime, state, a listener, two UDP sockets, a lock, a
	// folder; and what it opens for a moment.
	ownDescriptors  = 20
	attemptsAtLeast = 4
	attemptsAtMost  = 128
	filesAtMost     = 512
	strangersAtMost = 512
	peersAtMost     = 16_000
)

// Divide divides a number of descriptors. Where there are few every part is
// small, but none is nothing: with fewer than 32 they do not suffice for all.
func Divide(descriptors int) Shares {
	others := max(min(otherDescriptors, descriptors/4), ownDescriptors+attemptsAtLeast)
	left := max(descriptors-others, 8)
	s := Shares{
		Files: min(filesAtMost, left/4), Strangers: min(strangersAtMost, left/8),
		Attempts: min(attemptsAtMost, others-ownDescriptors),
	}
	s.Peers = min(peersAtMost, left-s.Files-s.Strangers)
	return s
}
