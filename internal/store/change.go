package store

import (
	"bytes"
	"slices"
)

// Learned returns a copy of r that knows what u says: what Learn does, but for
// the epoch and for other rows. *DecidedError where r knows otherwise.
func (r *Row) Learned(u *MetadataUpdate) (*Row, error) {
	if err := FitsPieces(r.ID, u.Pieces); err != nil {
		return nil, err
	}
	keys, err := r.joinKeys(u.Keys)
	if err != nil {
		return nil, err
	}
	out := r.Clone()
	out.Keys = keys
	if r.Metainfo != nil {
		return out, r.sameMetadata(u)
	}
	out.Name, out.Metainfo, out.Pieces = u.Name, bytes.Clone(u.Metainfo), u.Pieces
	out.FileMap = slices.Clone(u.FileMap)
	out.Claims = Claims{}.Clone(u.Pieces)
	return out, nil
}

func (r *Row) joinKeys(k Keys) (Keys, error) {
	var none Keys
	if r.Keys.V1 != none.V1 && k.V1 != none.V1 && k.V1 != r.Keys.V1 {
		return none, &DecidedError{ID: r.ID, Field: "v1 info-hash"}
	}
	if r.Keys.V2 != none.V2 && k.V2 != none.V2 && k.V2 != r.Keys.V2 {
		return none, &DecidedError{ID: r.ID, Field: "v2 info-hash"}
	}
	out := r.Keys
	if out.V1 == none.V1 {
		out.V1 = k.V1
	}
	if out.V2 == none.V2 {
		out.V2 = k.V2
	}
	return out, nil
}

func (r *Row) sameMetadata(u *MetadataUpdate) error {
	switch {
	case !bytes.Equal(r.Metainfo, u.Metainfo):
		return &DecidedError{ID: r.ID, Field: "metadata"}
	case r.Pieces != u.Pieces:
		return &DecidedError{ID: r.ID, Field: "number of pieces"}
	case !slices.Equal(r.FileMap, u.FileMap):
		return &DecidedError{ID: r.ID, Field: "file map"}
	}
	return nil
}

// Claim does to r what Driver.Claim does, but for the epoch. After an error r
// is as it was.
func (r *Row) Claim(u *ClaimUpdate) error {
	if err := r.Shape().FitsClaim(u); err != nil {
		return err
	}
	r.Claims = r.Claims.Grown(r.Pieces, u.Add, u.Origin)
	if u.Partials != nil {
		r.Partials = u.Partials.Clone()
	}
	r.Partials = r.Partials.Without(r.Claims.Held(r.Pieces))
	r.Files = MergeFiles(r.Files, u.Files)
	r.Counters = r.Counters.Raised(u.Counters)
	if r.Completed.IsZero() {
		r.Completed = Wall(u.Completed)
	}
	return nil
}

// Summary is what List tells of the row.
func (r *Row) Summary() Summary {
	return Summary{
		ID: r.ID, Keys: r.Keys, Name: r.Name, Settings: r.Settings.Clone(),
		Pieces: r.Pieces, Claimed: r.Claims.Count(),
		Added: r.Added, Completed: r.Completed, Counters: r.Counters,
		Next: r.Announce.Next(), Owner: r.Owner, Epoch: r.Epoch,
	}
}
