package conn

// licence is for Audit: how many bytes may be on the path, and have a remote that has room
// for them, since packets were sent. Nothing else makes more fly: windows may shrink, and
// what was sent by the larger ones flies on.
type licence struct{ path, remote int64 }

// excuse says whether a packet may be sent that a window has no room for.
type excuse uint8

const (
	noExcuse excuse = iota
	excused
)

// license notes that a packet of the stream is sent now: by the windows as they are, or by an
// excuse.
func (c *Conn) license(p parcel) {
	l := &c.out.licence
	l.path, l.remote = int64(c.control.Window()), int64(c.out.window)
	if c.viewPathExcuse(p) == excused {
		l.path = max(l.path, int64(c.onWay()+p.size))
	}
	if c.viewRemoteExcuse(p) == excused {
		l.remote = max(l.remote, int64(c.flight.Flying().Bytes+p.size))
	}
}

// viewPathExcuse is for the window of the control: one packet flies, however large, and the first
// that is missing goes at once.
func (c *Conn) viewPathExcuse(p parcel) excuse {
	if c.flight.Flying().Packets == 0 || c.isMissing(p) {
		return excused
	}
	return noExcuse
}

// viewRemoteExcuse is for that of the remote: what is sent again had room once, so it goes alone;
// an end has no bytes; and a window that is closed is probed.
func (c *Conn) viewRemoteExcuse(p parcel) excuse {
	resent := p.fresh == again && c.flight.Flying().Bytes == 0 && c.out.window > 0
	if resent || p.size == 0 || c.out.push == pushOne {
		return excused
	}
	return noExcuse
}

// probed notes that a packet was sent since nothing came, whatever the control says.
func (c *Conn) probed() { c.out.licence.path = max(c.out.licence.path, int64(c.onWay())) }

// unlost notes that what was taken for lost flies again.
func (c *Conn) unlost() {
	c.probed()
	c.out.licence.remote = max(c.out.licence.remote, int64(c.flight.Flying().Bytes))
}
