package store

import (
	"context"

	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// question is what the store process is asked.
type question interface {
	label() string // for crash reports
	answer(ctx context.Context, d Driver) answer
}

// answer is what it says; each question fills in its part.
type answer struct {
	id    ident.TorrentID
	row   *Row
	list  []Summary
	epoch Epoch
	hold  Hold
	err   error
	errs  []error // of claims and announce states
}

type (
	insertQuestion  struct{ row *Row }
	getQuestion     struct{ id ident.TorrentID }
	findQuestion    struct{ key Key }
	deleteQuestion  struct{ id ident.TorrentID }
	releaseQuestion struct{ hold Hold }
	claimQuestion   struct{ us []ClaimUpdate }

	announceQuestion struct{ us []AnnounceUpdate }

	listQuestion struct {
		after ident.TorrentID
		limit int
	}
	ownQuestion struct {
		id    ident.TorrentID
		owner string
	}
	holdQuestion struct {
		key   Key
		owner string
	}

	learnQuestion    MetadataUpdate
	unclaimQuestion  UnclaimUpdate
	filesQuestion    FilesUpdate
	countersQuestion CountersUpdate
	settingsQuestion SettingsUpdate
)

func (insertQuestion) label() string   { return "insert" }
func (getQuestion) label() string      { return "get" }
func (findQuestion) label() string     { return "find by key" }
func (deleteQuestion) label() string   { return "delete" }
func (releaseQuestion) label() string  { return "release" }
func (claimQuestion) label() string    { return "claim" }
func (listQuestion) label() string     { return "list" }
func (ownQuestion) label() string      { return "own" }
func (holdQuestion) label() string     { return "hold" }
func (learnQuestion) label() string    { return "learn" }
func (unclaimQuestion) label() string  { return "unclaim" }
func (filesQuestion) label() string    { return "mark files" }
func (countersQuestion) label() string { return "save counters" }
func (announceQuestion) label() string { return "save announce state" }
func (settingsQuestion) label() string { return "save settings" }

func (q insertQuestion) answer(ctx context.Context, d Driver) (a answer) {
	a.id, a.err = d.Insert(ctx, q.row)
	return a
}

func (q getQuestion) answer(ctx context.Context, d Driver) (a answer) {
	a.row, a.err = d.Get(ctx, q.id)
	return a
}

func (q findQuestion) answer(ctx context.Context, d Driver) (a answer) {
	a.id, a.err = d.FindByKey(ctx, q.key)
	return a
}

func (q deleteQuestion) answer(ctx context.Context, d Driver) answer {
	return answer{err: d.Delete(ctx, q.id)}
}

func (q releaseQuestion) answer(context.Context, Driver) answer {
	return answer{err: q.hold.Release()}
}

func (q claimQuestion) answer(ctx context.Context, d Driver) answer {
	return answer{errs: d.ClaimAll(ctx, q.us)}
}

func (q listQuestion) answer(ctx context.Context, d Driver) (a answer) {
	a.list, a.err = d.List(ctx, q.after, q.limit)
	return a
}

func (q ownQuestion) answer(ctx context.Context, d Driver) (a answer) {
	a.epoch, a.err = d.Own(ctx, q.id, q.owner)
	return a
}

func (q holdQuestion) answer(ctx context.Context, d Driver) (a answer) {
	a.hold, a.err = d.Hold(ctx, q.key, q.owner)
	return a
}

func (q learnQuestion) answer(ctx context.Context, d Driver) answer {
	return answer{err: d.Learn(ctx, MetadataUpdate(q))}
}

func (q unclaimQuestion) answer(ctx context.Context, d Driver) answer {
	return answer{err: d.Unclaim(ctx, UnclaimUpdate(q))}
}

func (q filesQuestion) answer(ctx context.Context, d Driver) answer {
	return answer{err: d.MarkFiles(ctx, FilesUpdate(q))}
}

func (q countersQuestion) answer(ctx context.Context, d Driver) answer {
	return answer{err: d.SaveCounters(ctx, CountersUpdate(q))}
}

func (q announceQuestion) answer(ctx context.Context, d Driver) answer {
	return answer{errs: d.SaveAnnounces(ctx, q.us)}
}

func (q settingsQuestion) answer(ctx context.Context, d Driver) answer {
	return answer{err: d.SaveSettings(ctx, SettingsUpdate(q))}
}
