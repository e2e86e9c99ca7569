package disk

import (
	"context"
	"slices"

	"github.com/etorrent/etorrent/internal/core/vouch"
	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/event"
)

// vouchAnswer is what the files show: what may be relied on, and whether the
// files that are to be written are there already.
type vouchAnswer struct {
	vouch.Vouched
	questions []vouch.File
	reason    event.CheckReason
	prepared  bool
	files     rowFiles
	known     []storage.FileFacts // as this process knows the files
}

// openJob opens the store and looks at the files.
type openJob struct {
	storage storage.Storage
	req     OpenRequest
	begun   moment // of the leases
	files   storage.Store
	answer  *vouchAnswer
	refused []storage.FileFault // links
	refusal OpenEvidence
}

func (j *openJob) work() result {
	if err := j.look(); err != nil {
		j.refuse(err)
	}
	if j.refusal != nil && j.files != nil {
		_ = j.files.Close()
	}
	return j
}

func (j *openJob) refuse(err error) {
	j.refusal = OpenFailed{Fault: storage.View(err), Err: err}
}

func (j *openJob) apply(x *process) { x.judged(j) }

func (j *openJob) discard() {
	if j.refusal == nil && j.files != nil {
		_ = j.files.Close()
	}
}

func (j *openJob) look() error {
	ctx := context.Background()
	st, err := j.storage.Open(ctx, j.req.Spec)
	if err != nil {
		return err
	}
	j.files = st
	facts, err := st.Examine(ctx)
	if err != nil {
		return err
	}
	if err := viewFolder(j.req, st, facts); err != nil {
		return err
	}
	if err := viewSizes(j.req, st, facts); err != nil {
		return err // before long reading
	}
	j.answer = &vouchAnswer{questions: questions(j.req, facts), known: withMakers(facts, j.req.Row.Files)}
	if w := j.req.Written; w != nil && !w.IsEmpty() {
		// What the cache shows may hide a sync that failed for a former process.
		if err := st.Recheck(ctx, slices.Collect(j.req.Spec.FilesOf(w))); err != nil {
			return err
		}
	}
	seen := vouch.View(vouch.Question{
		Geometry: j.req.Spec.Geometry, Files: j.answer.questions,
		Claimed: j.req.Row.Claims.Held(j.req.Spec.Geometry.Pieces()),
		Wanted:  j.req.Wanted, Policy: policyOf(j.req.Existing),
	})
	switch seen := seen.(type) {
	case vouch.Forbidden:
		j.refusal = WouldOverwrite{Path: seen.Path}
		return nil
	case vouch.Vouched:
		j.answer.Vouched = seen
	}
	if w := j.req.Written; w != nil {
		j.answer.Found.RemoveAll(w) // they are read in any case
	}
	j.answer.reason = reasonOf(j.answer.Vouched, j.req)
	j.answer.files = rowFilesOf(j.req, facts)
	if j.answer.mustRead(j.req) {
		return nil // to be prepared when it is known whose the files are
	}
	doubted := vouch.Doubted(policyOf(j.req.Existing), j.answer.questions, j.answer.Strangers)
	i, found := vouch.Untouchable(j.req.Spec.Geometry, j.answer.questions, doubted, j.answer.Claimed)
	if found == vouch.NothingOfOurs && (j.req.Existing == CheckExisting || j.req.Existing == TrustExisting) && j.req.Spec.Access == storage.ReadWrite {
		j.refusal = WouldOverwrite{Path: j.req.Spec.Files[i].Path}
	}
	return nil
}

// mustRead says whether something must be read before any file is made or written.
func (a *vouchAnswer) mustRead(req OpenRequest) bool {
	if !a.Found.IsEmpty() {
		return true
	}
	for _, i := range a.Strangers {
		if touches(&req.Spec, i, a.Suspect) {
			return true
		}
	}
	return false
}

// makeJob makes the files that are absent, where nothing must be read before.
type makeJob struct{ *openJob }

func (j *makeJob) work() result {
	if err := j.prepare(context.Background(), j.files, j.answer.known); err != nil {
		j.refuse(err)
		_ = j.files.Close()
	}
	return j
}

func (j *makeJob) apply(x *process) { x.opened(j.openJob) }

// prepare makes the absent files, if they are to be written.
func (j *openJob) prepare(ctx context.Context, st storage.Store, facts []storage.FileFacts) error {
	if err := viewVolume(j.req, st, facts); err != nil {
		return err
	}
	done, err := prepareFiles(ctx, j.req, st, facts)
	j.answer.known, j.refused = relearnt(facts, done.made), done.refused
	if len(done.made) > 0 {
		j.answer.files = rowSaysClean // they are not in the row yet
	}
	j.answer.prepared = err == nil
	return err
}

// questions joins what the row remembers of each file with what is there.
func questions(req OpenRequest, facts []storage.FileFacts) []vouch.File {
	out := make([]vouch.File, len(req.Spec.Files))
	for i, f := range req.Spec.Files {
		out[i] = vouch.File{Path: f.Path, Offset: f.Offset, Length: f.Length, Remembered: vouch.Unknown{}, Now: presence(facts[i])}
	}
	for _, f := range req.Row.Files {
		if f.File < 0 || f.File >= len(out) {
			continue
		}
		identity := vouch.Identity{Device: f.Device, Inode: f.Inode}
		switch f.State {
		case store.FileOpen:
			out[f.File].Remembered = vouch.LeftOpen{Identity: identity}
		case store.FileClean:
			out[f.File].Remembered = vouch.LeftClean{Identity: identity, Size: f.Size, ModTime: f.ModTime}
		case store.FileInDoubt:
			out[f.File].Remembered = vouch.LeftInDoubt{}
		}
	}
	return out
}

func presence(f storage.FileFacts) vouch.Presence {
	switch f := f.(type) {
	case storage.Present:
		return vouch.There{
			Identity: vouch.Identity{Device: f.Device, Inode: f.Inode}, Size: f.Size, ModTime: f.ModTime, Home: homeOf(f.Home),
		}
	case storage.Virtual:
		return vouch.Nowhere{}
	case storage.Absent, storage.Unusable:
	}
	return vouch.Gone{}
}

func homeOf(h storage.Home) vouch.Home {
	if h == storage.InParts {
		return vouch.InParts
	}
	return vouch.InPlace
}

func policyOf(e Existing) vouch.Policy {
	switch e {
	case TrustExisting:
		return vouch.Trust
	case RefuseExisting:
		return vouch.Refuse
	case ReplaceExisting:
		return vouch.Replace
	case CheckExisting:
	}
	return vouch.Check
}

func reasonOf(v vouch.Vouched, req OpenRequest) event.CheckReason {
	switch {
	case !v.Suspect.IsEmpty():
		return event.CheckChangedFiles
	case req.Verify != nil && v.Found.IsEmpty():
		return event.CheckAsked
	}
	return event.CheckFoundFiles
}

// rowFilesOf says whether the row calls every file that is there open. One that has
// other names must go through the beginning again: it is not to be written as it is.
func rowFilesOf(req OpenRequest, facts []storage.FileFacts) rowFiles {
	openFiles := map[int]struct{}{}
	for _, f := range req.Row.Files {
		if f.State == store.FileOpen {
			openFiles[f.File] = struct{}{}
		}
	}
	for i, f := range facts {
		p, there := f.(storage.Present)
		if _, isOpen := openFiles[i]; there && (!isOpen || p.Links > 1) {
			return rowSaysClean
		}
	}
	return rowSaysOpen
}
