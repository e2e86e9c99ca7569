package peer

import (
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// The ExtIDs of what remotes may send us (BEP 10). The second is for one that wants
// nothing any more, or something again, and says so by a message of one byte: a
// handshake may come later for that, but some clients send only the first.
//
// There is a message by which a remote says that it fetches only to give (share
// mode). We do not ask for it: words cost nothing, so no slot is given for them.
const (
	extendedHandshakeID = 0
	uploadOnlyID        = 1
)

// sendExtended sends our extended handshake. A later one changes only what it
// names, so that one who fetches says so only where he said otherwise before.
func (c *Core) sendExtended(now mono.Instant, fetching wire.UploadOnly, eff Effects) {
	h := wire.ExtendedHandshake{
		Client:     c.cfg.Client,
		Reqq:       LocalReqq,
		Port:       c.cfg.ListenPort,
		YourIP:     c.cfg.RemoteAddr.Addr(),
		UploadOnly: fetching,
		M:          map[string]int{wire.UploadOnlyName: uploadOnlyID},
	}
	if c.local.goal == UploadOnly {
		h.UploadOnly = wire.UploadOnlyYes
	}
	c.send(now, wire.Message{Kind: wire.Extended, ExtID: extendedHandshakeID, Payload: h.Append(nil)}, eff)
}

func (c *Core) receiveExtended(now mono.Instant, m *wire.Message, eff Effects) {
	if !c.cfg.Capabilities.Has(wire.ExtensionProtocol) {
		c.close(Closing{Reason: ExtensionUnnegotiated}, eff)
		return
	}
	c.tolerate(now, floodExtended, eff)
	if c.life == closed {
		return
	}
	switch m.ExtID {
	case extendedHandshakeID:
		switch seen := wire.ViewExtendedHandshake(m.Payload).(type) {
		case wire.ExtendedHandshakeWellFormed:
			c.introduce(now, &seen.Handshake, eff)
		case wire.ExtendedHandshakeMalformed:
			c.close(Closing{Reason: ExtensionMalformed}, eff)
		}
	case uploadOnlyID:
		if len(m.Payload) != 1 {
			c.close(Closing{Reason: ExtensionMalformed}, eff)
			return
		}
		c.aim(now, wire.ViewUploadOnly(int64(m.Payload[0])), eff)
	}
}

func (c *Core) introduce(now mono.Instant, h *wire.ExtendedHandshake, eff Effects) {
	if h.Reqq > 0 {
		c.pipe.reqq = h.Reqq
	}
	eff.Introduced(h)
	c.aim(now, h.UploadOnly, eff)
}

// aim takes over whether the remote wants pieces.
func (c *Core) aim(now mono.Instant, said wire.UploadOnly, eff Effects) {
	switch said {
	case wire.UploadOnlyYes:
		c.remote.goal = UploadOnly
	case wire.UploadOnlyNo:
		c.remote.goal = Fetching
	case wire.UploadOnlyUnsaid:
	}
	c.judgeInterest(eff)
	c.judgeUse(now)
}
