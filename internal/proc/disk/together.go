package disk

import "github.com/etorrent/etorrent/internal/leaf/sha1many"

// togetherJob lets the hashes of several pieces take a run each, from memory, at once.
type togetherJob struct {
	keeps
	hashes []*hashJob
	lanes  []sha1many.Lane // room for those of the hashes
	room   sha1many.Many
}

func (x *process) togetherJob() *togetherJob {
	j := x.spare.together.take()
	j.hashes = j.hashes[:0]
	return j
}

func (j *togetherJob) add(h *hashJob) { j.hashes = append(j.hashes, h) }

func (j *togetherJob) work() result {
	lanes := j.lanes[:0]
	for _, h := range j.hashes {
		lanes = append(lanes, sha1many.Lane{Hash: h.state, Spans: h.spans})
	}
	j.room.Write(lanes)
	clear(lanes)
	j.lanes = lanes
	for _, h := range j.hashes {
		h.judge()
	}
	return j
}

func (j *togetherJob) apply(x *process) {
	for _, h := range j.hashes {
		h.apply(x)
	}
	clear(j.hashes)
	x.spare.together.keep(j)
}
