package ondisk

import (
	"fmt"

	"github.com/etorrent/etorrent/internal/storage"
)

// viewLinks looks at the places of all symbolic links.
func (p *Plan) viewLinks(st storage.Store) map[int]FileEvidence {
	linker, can := storage.As[storage.Linker](st)
	if !can {
		return nil
	}
	out := make(map[int]FileEvidence, len(p.Links))
	for i, text := range p.Links {
		out[i] = judgeLink(linker.ViewLink(i), text)
	}
	return out
}

func judgeLink(e storage.LinkEvidence, text string) FileEvidence {
	switch e := e.(type) {
	case storage.LinkThere:
		return FileGood{}
	case storage.LinkAbsent:
		return FileAbsent{}
	case storage.LinkOther:
		return FileMislinked{Text: text}
	case storage.LinkUnknown:
		return FileUnusable{Err: e.Err}
	}
	panic(fmt.Sprintf("ondisk: unknown evidence %T", e))
}
