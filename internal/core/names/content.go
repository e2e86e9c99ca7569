package names

import "github.com/etorrent/etorrent/metainfo"

// ContentOf is what a torrent says of its names. A symbolic link needs one as a
// file does.
func ContentOf(m *metainfo.Torrent) Content {
	c := Content{Name: m.Name, Fallback: m.ID().String()}
	switch m.Layout {
	case metainfo.SingleFile:
		return c
	case metainfo.MultiFile:
		c.Layout = ManyFiles
	}
	c.Files = make([]File, len(m.Files))
	for i, f := range m.Files {
		c.Files[i] = File{Path: f.Path, Role: Stored}
		if f.Role == metainfo.FilePadding {
			c.Files[i].Role = Padding
		}
	}
	return c
}
