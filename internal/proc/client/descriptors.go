package client

// Shares says how the descriptors that a program may have are divided.
type Shares struct {
	Files     int // open files of torrents
	Strangers int // accepted connections that have not named a torrent
	Peers     int // connections of all torrents
}

const (
	// otherDescriptors are left for the state, listeners, connection attempts and
	// what the host itself has open.
	otherDescriptors = 256
	filesAtMost      = 512
	strangersAtMost  = 512
	peersAtMost      = 16_000
)

// Divide divides a number of descriptors. Where there are few every part is
// small, but none is nothing.
func Divide(descriptors int) Shares {
	left := max(descriptors-min(otherDescriptors, descriptors/4), 8)
	s := Shares{Files: min(filesAtMost, left/4), Strangers: min(strangersAtMost, left/8)}
	s.Peers = min(peersAtMost, left-s.Files-s.Strangers)
	return s
}
