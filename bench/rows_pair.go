//go:build linux

package main

import "errors"

// The rows that the chart is drawn of.
const (
	floorRow      = "floor"
	libtorrentRow = "libtorrent"
)

// pairRows are those of one transfer over one connection of TCP.
func pairRows(o options) []row {
	s := o.sizes.payload(o.sizes.main)
	other := ourPeer("the other", func(l *lab) string { return l.against })
	other.available = func(l *lab) error {
		if l.against == "" {
			return errors.New("-against names none")
		}
		return nil
	}
	self, floor, lib := transfer(ours, ours, s), transfer(floorPeer, floorPeer, s), transfer(libtorrentPeers, libtorrentPeers, s)
	stock := transfer(libtorrentAsItComes, libtorrentAsItComes, s)
	from, to, against := transfer(libtorrentPeers, ours, s), transfer(ours, libtorrentPeers, s), transfer(other, other, s)
	pair := func(name, about string, a, b contender, aims ...aim) row {
		return row{name: name, about: about, payloads: []spec{s}, contenders: []contender{a, b}, aims: aims}
	}
	beside := func(r row, more contender, aims ...aim) row {
		r.contenders, r.aims = append(r.contenders, more), append(r.aims, aims...)
		return r
	}
	rows := []row{
		pair(floorRow, "ours to ours beside the floor", self, floor,
			aim{"CPU of both ends, x the floor's", times(cpuBoth, self.name, floor.name), atMost, 1.5, 1.8},
			aim{"rate (25 to 75 %), x the floor's", times(rateMiddle, self.name, floor.name), atLeast, 0.6, 0.45}),
		beside(beside(pair(libtorrentRow, "ours to ours beside libtorrent to libtorrent", self, lib,
			aim{"rate (25 to 75 %), x libtorrent's", times(rateMiddle, self.name, lib.name), atLeast, 3.5, 2.5},
			aim{what: "rate as a whole, x libtorrent's", value: times(rateWhole, self.name, lib.name), sense: printed},
			aim{what: "CPU of both ends, x libtorrent's", value: times(cpuBoth, self.name, lib.name), sense: printed}),
			stock,
			aim{"rate (25 to 75 %), x that of libtorrent as it comes", times(rateMiddle, self.name, stock.name), atLeast, 3.5, 2.5},
			aim{what: "rate as a whole, x that of libtorrent as it comes", value: times(rateWhole, self.name, stock.name), sense: printed},
			aim{what: "CPU of both ends, x that of libtorrent as it comes", value: times(cpuBoth, self.name, stock.name), sense: printed}),
			floor,
			aim{what: "the floor's rate (25 to 75 %), x libtorrent's", value: times(rateMiddle, floor.name, lib.name), sense: printed}),
		beside(pair("from-libtorrent", "our fetching end beside libtorrent's, both from libtorrent", from, lib,
			aim{"CPU of the fetching end, x libtorrent's", times(cpuReceive, from.name, lib.name), atMost, 0.45, 0.6}),
			floor,
			aim{what: "CPU of the floor's receiver, x libtorrent's", value: times(cpuReceive, floor.name, lib.name), sense: printed}),
		beside(beside(pair("to-libtorrent", "our seeding end beside libtorrent's, both to libtorrent", to, lib,
			aim{"CPU of the seeding end, x libtorrent's", times(cpuSend, to.name, lib.name), atMost, 0.3, 0.4}),
			stock,
			aim{what: "CPU of the seeding end, x that of libtorrent as it comes", value: times(cpuSend, to.name, stock.name), sense: printed}),
			floor,
			aim{what: "CPU of the floor's sender, x libtorrent's", value: times(cpuSend, floor.name, lib.name), sense: printed}),
	}
	if o.against != "" {
		rows = append(rows, pair("against", "ours to ours beside the same of another build", self, against,
			aim{what: "CPU of both ends, x the other's", value: times(cpuBoth, self.name, against.name), sense: printed},
			aim{what: "rate (25 to 75 %), x the other's", value: times(rateMiddle, self.name, against.name), sense: printed}))
	}
	return rows
}

// payload is the spec of a payload of so many MiB in pieces of -piece.
func (s sizes) payload(mibs int) spec {
	return spec{size: int64(mibs) << 20, piece: int64(s.piece) << 10}
}
