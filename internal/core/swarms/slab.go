package swarms

// none is the number of nothing.
const none int32 = -1

// slab has values by numbers, which are given again when they are free.
type slab[T any] struct {
	values []T
	free   []int32
}

// add takes a value in and says its number.
func (s *slab[T]) add(v T) int32 {
	if n := len(s.free); n > 0 {
		i := s.free[n-1]
		s.free = s.free[:n-1]
		s.values[i] = v
		return i
	}
	s.values = append(s.values, v)
	return int32(len(s.values) - 1)
}

// drop gives a number free, and what its value held.
func (s *slab[T]) drop(i int32) {
	var nothing T
	s.values[i] = nothing
	s.free = append(s.free, i)
}

// chain has numbers in the order in which they were pushed. Each step costs the
// same, however long it is.
type chain struct {
	links          []link
	oldest, newest int32
	length         int
}

// link has the neighbours of a number.
type link struct{ older, newer int32 }

func newChain() chain { return chain{oldest: none, newest: none} }

// push adds a number that is not in it, as the newest.
func (c *chain) push(i int32) {
	for int(i) >= len(c.links) {
		c.links = append(c.links, link{none, none})
	}
	c.links[i] = link{c.newest, none}
	if c.newest == none {
		c.oldest = i
	} else {
		c.links[c.newest].newer = i
	}
	c.newest = i
	c.length++
}

// drop takes a number out that is in it.
func (c *chain) drop(i int32) {
	l := c.links[i]
	if l.older == none {
		c.oldest = l.newer
	} else {
		c.links[l.older].newer = l.newer
	}
	if l.newer == none {
		c.newest = l.older
	} else {
		c.links[l.newer].older = l.older
	}
	c.length--
}
