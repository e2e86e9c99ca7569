package knife

// node is a file or a folder, whatever its names. It is named by the order in
// which it came to be.
type node struct {
	number int
	kind   kind
}

type kind uint8

const (
	isFile kind = iota
	isFolder
)

// op is one change that a sync can make durable. It was under way between the
// lines begin and end. Target is what has to be synced: the file for its bytes,
// the folder for its entries.
type op struct {
	begin, end int
	target     *node
	change     change
}

// change is what an op does.
type change interface{ apply(*image) }

type (
	// write puts data at an offset, and makes the file longer if it must.
	write struct {
		file *node
		at   int64
		data []byte
	}
	// resize sets a file's length.
	resize struct {
		file *node
		size int64
	}
	// extend makes a file at least this long (fallocate).
	extend struct {
		file *node
		size int64
	}
	// enter gives a node a name.
	enter struct {
		folder *node
		name   string
		node   *node
	}
	// leave takes a name away.
	leave struct {
		folder *node
		name   string
	}
	// move is both at once (rename).
	move struct {
		from, to leave
		node     *node
	}
)

// sync is a sync that returned, or the forgetting of a file's cached pages.
type sync struct {
	begin, end int
	target     *node
}

// said is a line that the program wrote to its standard output.
type said struct {
	end  int
	line string
}

// Recording is all that a program did to a folder.
type Recording struct {
	root  *node
	nodes int
	ops   []op
	syncs []sync
	// failed are the syncs of no effect, and dropped tells of files that are read
	// from the disk again.
	failed, dropped []sync
	refused         int // how many other calls failed for want of space or a broken disk
	said            []said
	lines           int
	start           *image // what was there before, durable
	now             *image // what the program sees after the calls so far
}

// Changes is how many calls changed the folder.
func (r *Recording) Changes() int { return len(r.ops) }

// Syncs is how many syncs there were.
func (r *Recording) Syncs() int { return len(r.syncs) }

// Failures is how many syncs failed, and other calls for ENOSPC or EIO.
func (r *Recording) Failures() (syncs, others int) { return len(r.failed), r.refused }

// Differs compares what the calls so far made with the folder itself, in which
// nothing may be under way. Its error names what is not the same: a call was not
// understood, or not recorded.
func (r *Recording) Differs(root string) error { return r.now.differs(r.root, root) }

// SyncsOnlyAtTheEnd moves every sync behind the last call: a recording of a
// program that syncs nothing, to show that its cuts are noticed.
func (r *Recording) SyncsOnlyAtTheEnd() {
	for i := range r.syncs {
		r.syncs[i].begin, r.syncs[i].end = r.lines+1, r.lines+1
	}
}

// FailEveryOther makes every other sync one that failed: a recording of a program
// that does not look at what its syncs return, for the same.
func (r *Recording) FailEveryOther() {
	var good []sync
	for i, s := range r.syncs {
		if i%2 == 0 {
			good = append(good, s)
		} else {
			r.failed = append(r.failed, s)
		}
	}
	r.syncs = good
}
