package announce

import (
	"github.com/etorrent/etorrent/internal/vocab/ident"
)

// Trackers is how the trackers of a torrent do, in the order in which they are walked:
// a Report for each address family in which a tracker is asked, at least one.
func (c *Core) Trackers(id ident.TorrentID) []Report {
	t := c.torrents[id]
	if t == nil {
		return nil
	}
	var all []Report
	for r := range t.members() {
		used := r.used()
		if len(used) == 0 {
			used = r.arms[:1]
		}
		for i := range used {
			all = append(all, used[i].report())
		}
	}
	return all
}

func (a *arm) report() Report {
	return Report{Tracker: a.row.url, Tier: a.row.tier, Family: a.family(), Standing: a.standing}
}
