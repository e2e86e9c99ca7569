package disk

import (
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// viewVolume says whether the volume takes what is to be written: each file, and
// all of them. The facts are those of now.
func viewVolume(req OpenRequest, st storage.Store, facts []storage.FileFacts) error {
	if err := viewSizes(req, st, facts); err != nil {
		return err
	}
	return viewRoom(req, st, facts)
}

// viewSizes names the first file that would have to become larger than one can be
// on the volume. What is that large already has proved that it can.
func viewSizes(req OpenRequest, st storage.Store, facts []storage.FileFacts) error {
	limit := st.Features().Largest
	if req.Spec.Access == storage.ReadOnly {
		return nil
	}
	for _, i := range req.Prepare {
		if limit.View(req.Spec.Files[i].Length) == storage.SizeFits {
			continue
		}
		end := reach(req, i)
		if p, there := facts[i].(storage.Present); there && p.Home == storage.InPlace && p.Size >= end {
			continue
		}
		if limit.View(end) == storage.SizeExceeds {
			return &storage.Error{Op: "prepare", Path: req.Spec.Path(i), Err: &storage.SizeLimitError{Limit: limit}}
		}
	}
	return nil
}

// reach is where the last byte of file i ends that is ever written: of a file that
// is not wanted, only what lies in a piece of one that is.
func reach(req OpenRequest, i int) int64 {
	f, g := req.Spec.Files[i], req.Spec.Geometry
	first := f.Offset / g.PieceLength
	for p := (f.Offset + f.Length - 1) / g.PieceLength; p >= first; p-- {
		if piece := pieceset.Index(p); req.Wanted.Has(piece) {
			return min(f.Length, g.PieceOffset(piece)+g.PieceSize(piece)-f.Offset)
		}
	}
	return 0
}

// viewRoom compares what the absent bytes need with what the volume has.
func viewRoom(req OpenRequest, st storage.Store, facts []storage.FileFacts) error {
	viewer, can := storage.As[storage.SpaceViewer](st)
	if !can || req.Spec.Access == storage.ReadOnly {
		return nil
	}
	known, told := viewer.ViewSpace().(storage.SpaceKnown)
	if !told {
		return nil
	}
	need := int64(0)
	for _, i := range req.Prepare {
		room := roomOf(req, i, st.Features().Sparseness)
		if p, there := facts[i].(storage.Present); there && p.Home == storage.InPlace {
			room -= min(p.Size, room)
		}
		need += room
	}
	if need > known.Free {
		return &NoRoomError{Dir: req.Spec.Dir, Need: need, Free: known.Free}
	}
	return nil
}

// roomOf is what file i takes in the end.
func roomOf(req OpenRequest, i int, holes storage.Sparseness) int64 {
	f, g := req.Spec.Files[i], req.Spec.Geometry
	switch {
	case f.Length == 0 || req.Spec.Allocate == storage.Full:
		return f.Length
	case holes == storage.HolesFilled:
		return reach(req, i)
	}
	sum := int64(0)
	for p := f.Offset / g.PieceLength; p <= (f.Offset+f.Length-1)/g.PieceLength; p++ {
		if piece := pieceset.Index(p); req.Wanted.Has(piece) {
			begin := g.PieceOffset(piece)
			sum += min(f.Offset+f.Length, begin+g.PieceSize(piece)) - max(f.Offset, begin)
		}
	}
	return sum
}
