package cong

const (
	// tolerated: one byte in so many a path may lose by itself.
	tolerated = 50
	// spare is how many packets may be lost beyond it, and spareAfter how many when it
	// was answered that there were more.
	spare, spareAfter = 24, 8
	mostSpare         = spare * 1400 * tolerated
)

// losses is what may be lost before it means that the path is too full.
type losses struct {
	left     int64 // fiftieths of bytes
	answered answer
}

// answer says whether an episode was answered.
type answer uint8

const (
	unanswered answer = iota
	answered
)

func newLosses() losses { return losses{left: mostSpare} }

func (l *losses) earn(bytes int) {
	l.left = min(l.left+int64(bytes), mostSpare)
}

func (l *losses) spend(bytes int) {
	l.left = max(l.left-tolerated*int64(bytes), -mostSpare)
}

// answer notes that the episode is answered: what else is lost in it does not count.
func (l *losses) answer(segment int) {
	l.answered = answered
	l.left = max(l.left, spareAfter*int64(segment)*tolerated)
}
