package knife

import "math/rand/v2"

// Prefixes are the cuts at every moment of the recording, in three ways: all that
// began is there, all that returned is there, only what a sync covers is there. Of
// those that leave one and the same folder it is the last, when most had been said.
func (r *Recording) Prefixes() []Cut {
	var all []Cut
	moments := r.moments()
	for _, way := range []Cut{{mercy: 100, late: 100}, {mercy: 100}, {}} {
		last := ""
		for _, at := range append([]int{0}, moments...) {
			way.at = at
			if key := r.there(way); key == last && len(all) > 0 {
				all[len(all)-1] = way
			} else {
				last, all = key, append(all, way)
			}
		}
	}
	return all
}

// there has a byte for each call: whether it is there after a cut without luck.
func (r *Recording) there(c Cut) string {
	key := make([]byte, len(r.ops))
	for i, o := range r.ops {
		returned := o.end <= c.at
		switch {
		case o.begin > c.at:
		case returned && (c.mercy == 100 || r.isDurable(o, c.at)), !returned && c.late == 100:
			key[i] = 1
		}
	}
	return string(key)
}

// Unlucky is for cuts that draw nothing.
func Unlucky() *rand.Rand { return rand.New(rand.NewPCG(0, 0)) }
