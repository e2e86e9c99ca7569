package torrent

import (
	"slices"

	coreannounce "github.com/etorrent/etorrent/internal/core/announce"
	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// KeepTrackers has the trackers that a person added kept in the row.
type KeepTrackers struct{}

// RestoreTrackers adds trackers that were kept, before the torrent runs.
func (t *Torrent) RestoreTrackers(kept []store.AddedTracker) {
	var all []Tracker
	for _, k := range kept {
		switch e := tracker.ViewURL(k.URL).(type) {
		case tracker.URLUsable:
			all = append(all, Tracker{k.Tier, e.URL})
		case tracker.URLLocal, tracker.URLMalformed: // which is not kept
		}
	}
	t.control.name(named{trackers: all})
}

// KeptTiers are tiers as a row has them.
func KeptTiers(tiers [][]tracker.URL) []store.AddedTracker { return withAdded(nil, flat(tiers)) }

// withAdded are trackers of a row and those that were added since, each once and as many
// as are used.
func withAdded(kept []store.AddedTracker, added []Tracker) []store.AddedTracker {
	out := slices.Clone(kept)
	tier := store.SameTier // that is opened by what follows, since who opened it is there
	for _, n := range added {
		one := store.AddedTracker{Tier: min(n.Tier, store.LastTier), URL: n.URL.Secret()}
		known := slices.ContainsFunc(out, func(k store.AddedTracker) bool { return k.URL == one.URL })
		if known && one.Tier != store.SameTier {
			tier = store.LastTier
		}
		if known || len(out) >= coreannounce.MaxTrackers {
			continue
		}
		if one.Tier == store.SameTier {
			one.Tier = tier
		}
		tier = store.SameTier
		out = append(out, one)
	}
	return out
}

// keepTrackers keeps what a person added in the row. Without one yet it is done when
// that is read.
func (c *control) keepTrackers() error {
	if c.row == nil {
		return nil
	}
	all := withAdded(c.row.Settings.Trackers, c.t.control.added())
	if slices.Equal(all, c.row.Settings.Trackers) {
		return nil
	}
	settings := c.row.Settings
	settings.Trackers = all
	return c.saveSettings(settings)
}
