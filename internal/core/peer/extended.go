package peer

import (
	"github.com/etorrent/etorrent/internal/vocab/mono"
	"github.com/etorrent/etorrent/internal/vocab/wire"
)

// extendedHandshakeID is the ExtID of the extended handshake (BEP 10). We name
// no extension of our own, so that no other id means anything.
const extendedHandshakeID = 0

// sendExtended sends our extended handshake. A later one changes only what it
// names, so that one who fetches says so only where he said otherwise before.
func (c *Core) sendExtended(now mono.Instant, fetching wire.UploadOnly, eff Effects) {
	h := wire.ExtendedHandshake{
		Client:     c.cfg.Client,
		Reqq:       LocalReqq,
		Port:       c.cfg.ListenPort,
		YourIP:     c.cfg.RemoteAddr.Addr(),
		UploadOnly: fetching,
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
	if m.ExtID != extendedHandshakeID || c.life == closed {
		return
	}
	switch seen := wire.ViewExtendedHandshake(m.Payload).(type) {
	case wire.ExtendedHandshakeWellFormed:
		c.introduce(now, &seen.Handshake, eff)
	case wire.ExtendedHandshakeMalformed:
		c.close(Closing{Reason: ExtensionMalformed}, eff)
	}
}

func (c *Core) introduce(now mono.Instant, h *wire.ExtendedHandshake, eff Effects) {
	if h.Reqq > 0 {
		c.pipe.reqq = h.Reqq
	}
	switch h.UploadOnly {
	case wire.UploadOnlyYes:
		c.remote.goal = UploadOnly
	case wire.UploadOnlyNo:
		c.remote.goal = Fetching
	case wire.UploadOnlyUnsaid:
	}
	eff.Introduced(h)
	c.judgeInterest(eff)
	c.judgeUse(now)
}
