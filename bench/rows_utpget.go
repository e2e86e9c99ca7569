//go:build linux

package main

// utpGetRows are whole transfers over uTP: get from seed, beside the same over TCP, and
// beside libtorrent over uTP.
func utpGetRows(o options) []row {
	whole, short := o.sizes.payload(o.sizes.utpGet), o.sizes.payload(o.sizes.stock)
	over := func(t transportOf) peer { return ourPeer("ours over "+string(t), ourProgram, "--transport", string(t)) }
	libtorrent := func(name string, buffers int) peer {
		return libtorrentEnd{vouching: trusting, transport: overUTP, buffers: buffers}.peer(name)
	}
	tuned := libtorrent("libtorrent over utp", libutpBuffer)
	stock, stockTheirs := over(overUTP).in(stockBuffers), libtorrent("libtorrent over utp", 0).in(stockBuffers)
	self, tcp, lib := transfer(over(overUTP), over(overUTP), whole), transfer(over(overTCP), over(overTCP), whole), transfer(tuned, tuned, whole)
	selfStock, libStock := transfer(stock, stock, whole), transfer(stockTheirs, stockTheirs, short)
	return []row{
		{
			name: "utp-get", about: "ours to ours over uTP beside the same over TCP, and libtorrent to libtorrent over uTP",
			payloads: []spec{whole}, contenders: []contender{self, tcp, lib},
			aims: []aim{
				{"rate, x libtorrent's", times(rateWhole, self.name, lib.name), atLeast, 4, 0},
				{"CPU of both ends, x that over TCP", times(cpuBoth, self.name, tcp.name), atMost, 1.6, 2.5},
				{what: "CPU of both ends, x libtorrent's", value: times(cpuBoth, self.name, lib.name), sense: printed},
				{what: "rate, x that over TCP", value: times(rateWhole, self.name, tcp.name), sense: printed},
			},
		},
		{
			name: "utp-get-stock", about: "the same with the kernel's usual buffers of 208 KiB, beside libtorrent",
			payloads: []spec{whole, short}, contenders: []contender{selfStock, libStock},
			aims: []aim{
				{"rate, x libtorrent's", times(rateWhole, selfStock.name, libStock.name), atLeast, 8, 0},
				{what: "CPU of both ends, x libtorrent's", value: times(cpuBoth, selfStock.name, libStock.name), sense: printed},
			},
		},
	}
}
