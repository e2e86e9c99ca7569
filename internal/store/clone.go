package store

import (
	"bytes"
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// Clone returns a copy that shares nothing with the row.
func (r *Row) Clone() *Row {
	out := *r
	out.Metainfo = bytes.Clone(r.Metainfo)
	out.FileMap = slices.Clone(r.FileMap)
	out.Files = slices.Clone(r.Files)
	out.Claims = r.Claims.Clone(r.Pieces)
	out.Partials = r.Partials.Clone()
	out.Settings = r.Settings.Clone()
	out.Announce = r.Announce.Clone()
	return &out
}

// Clone returns a copy, over pieces many pieces, that shares nothing with c and
// whose Checked is never nil.
func (c Claims) Clone(pieces int) Claims {
	out := Claims{Checked: pieceset.New(pieces)}
	if c.Checked != nil {
		out.Checked = c.Checked.Clone()
	}
	for _, t := range c.Trusted {
		out.Trusted = append(out.Trusted, TrustedClaim{Source: t.Source, Pieces: t.Pieces.Clone()})
	}
	return out
}

// Clone returns a copy that shares nothing with p.
func (p Partials) Clone() Partials {
	out := slices.Clone(p)
	for i := range out {
		out[i].Blocks = bytes.Clone(out[i].Blocks)
	}
	return out
}

// Clone returns a copy that shares nothing with s.
func (s Settings) Clone() Settings {
	s.Priorities = slices.Clone(s.Priorities)
	s.Labels = slices.Clone(s.Labels)
	s.Trackers = slices.Clone(s.Trackers)
	return s
}

// Clone returns a copy that shares nothing with a.
func (a Announce) Clone() Announce {
	a.Saved.Trackers = slices.Clone(a.Saved.Trackers)
	if a.Named != nil {
		n := *a.Named
		n.Peers = slices.Clone(n.Peers)
		a.Named = &n
	}
	return a
}

// clone returns a copy that shares nothing with u.
func (u ClaimUpdate) clone() ClaimUpdate {
	if u.Add != nil {
		u.Add = u.Add.Clone()
	}
	if u.Partials != nil {
		p := u.Partials.Clone()
		u.Partials = &p
	}
	u.Files = slices.Clone(u.Files)
	return u
}
