package store

import (
	"bytes"
	"context"
	"slices"

	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/sup"
)

// ask waits for an answer. A question must share nothing with its asker, who
// may be gone before the store reads it.
func (s *Service) ask(ctx context.Context, row *sup.CallRow, q question) (answer, error) {
	a, err := sup.Call(ctx, row, s.port, q)
	if err == nil {
		err = a.err
	}
	return a, err
}

// tell asks where there is nothing to answer.
func (s *Service) tell(ctx context.Context, row *sup.CallRow, q question) error {
	_, err := s.ask(ctx, row, q)
	return err
}

// Insert is Driver.Insert as a Call.
func (s *Service) Insert(ctx context.Context, row *sup.CallRow, r *Row) (ident.TorrentID, error) {
	own, err := Admit(r)
	if err != nil {
		return 0, err
	}
	a, err := s.ask(ctx, row, insertQuestion{row: own})
	return a.id, err
}

// Get is Driver.Get as a Call.
func (s *Service) Get(ctx context.Context, row *sup.CallRow, id ident.TorrentID) (*Row, error) {
	a, err := s.ask(ctx, row, getQuestion{id: id})
	return a.row, err
}

// FindByKey is Driver.FindByKey as a Call.
func (s *Service) FindByKey(ctx context.Context, row *sup.CallRow, key Key) (ident.TorrentID, error) {
	a, err := s.ask(ctx, row, findQuestion{key: key})
	return a.id, err
}

// List is Driver.List as a Call.
func (s *Service) List(ctx context.Context, row *sup.CallRow, after ident.TorrentID, limit int) ([]Summary, error) {
	a, err := s.ask(ctx, row, listQuestion{after: after, limit: limit})
	return a.list, err
}

// Delete is Driver.Delete as a Call.
func (s *Service) Delete(ctx context.Context, row *sup.CallRow, id ident.TorrentID) error {
	return s.tell(ctx, row, deleteQuestion{id: id})
}

// Own is Driver.Own as a Call.
func (s *Service) Own(ctx context.Context, row *sup.CallRow, id ident.TorrentID, owner string) (Epoch, error) {
	a, err := s.ask(ctx, row, ownQuestion{id: id, owner: owner})
	return a.epoch, err
}

// Learn is Driver.Learn as a Call.
func (s *Service) Learn(ctx context.Context, row *sup.CallRow, u MetadataUpdate) error {
	u.Metainfo, u.FileMap = bytes.Clone(u.Metainfo), slices.Clone(u.FileMap)
	return s.tell(ctx, row, learnQuestion(u))
}

// Claim is Driver.Claim as a Call. Claims that several ask for at the same time
// share a sync.
func (s *Service) Claim(ctx context.Context, row *sup.CallRow, u ClaimUpdate) error {
	return s.ClaimAll(ctx, row, []ClaimUpdate{u})[0]
}

// ClaimAll is Driver.ClaimAll as a Call.
func (s *Service) ClaimAll(ctx context.Context, row *sup.CallRow, us []ClaimUpdate) []error {
	if len(us) == 0 {
		return nil
	}
	own := make([]ClaimUpdate, len(us))
	for i := range us {
		own[i] = us[i].clone()
	}
	a, err := s.ask(ctx, row, claimQuestion{us: own})
	if err == nil {
		return a.errs
	}
	errs := make([]error, len(us))
	for i := range errs {
		errs[i] = err
	}
	return errs
}

// Unclaim is Driver.Unclaim as a Call.
func (s *Service) Unclaim(ctx context.Context, row *sup.CallRow, u UnclaimUpdate) error {
	if u.Remove != nil {
		u.Remove = u.Remove.Clone()
	}
	return s.tell(ctx, row, unclaimQuestion(u))
}

// MarkFiles is Driver.MarkFiles as a Call.
func (s *Service) MarkFiles(ctx context.Context, row *sup.CallRow, u FilesUpdate) error {
	u.Files = slices.Clone(u.Files)
	return s.tell(ctx, row, filesQuestion(u))
}

// SaveCounters is Driver.SaveCounters as a Call.
func (s *Service) SaveCounters(ctx context.Context, row *sup.CallRow, u CountersUpdate) error {
	return s.tell(ctx, row, countersQuestion(u))
}

// SaveSettings is Driver.SaveSettings as a Call.
func (s *Service) SaveSettings(ctx context.Context, row *sup.CallRow, u SettingsUpdate) error {
	u.Settings = u.Settings.Clone()
	return s.tell(ctx, row, settingsQuestion(u))
}

// Hold is Driver.Hold as a Call.
func (s *Service) Hold(ctx context.Context, row *sup.CallRow, key Key, owner string) (Hold, error) {
	a, err := s.ask(ctx, row, holdQuestion{key: key, owner: owner})
	return a.hold, err
}

// Release is Hold.Release as a Call.
func (s *Service) Release(ctx context.Context, row *sup.CallRow, h Hold) error {
	return s.tell(ctx, row, releaseQuestion{hold: h})
}
