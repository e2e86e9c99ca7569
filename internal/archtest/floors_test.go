package archtest

import (
	"slices"
	"strings"
	"testing"
)

// A floor is a part of the tree and what it may import. Tests may import more.
type floor struct {
	name    string
	at      []string // folders, see below()
	std     []string // nil: all of the standard library
	notStd  []string
	project []string // folders, see below()
	foreign []string // modules
}

// pure is the part of the standard library that neither waits nor reaches
// outside: no os, net, sync, context, and no randomness but the caller's.
var pure = []string{
	"bufio", "bytes", "cmp", "compress/gzip", "container/heap", "container/list", "crypto", "crypto/cipher", "crypto/hmac",
	"crypto/md5", "crypto/rc4", "crypto/sha1", "crypto/sha256", "crypto/subtle", "encoding", "encoding/base32",
	"encoding/base64", "encoding/binary", "encoding/hex", "encoding/json", "errors", "fmt", "hash", "hash/crc32",
	"hash/fnv", "io", "io/fs", "iter", "maps", "math", "math/big", "math/bits", "math/rand/v2", "net/netip",
	"net/url", "path", "reflect", "regexp", "slices", "sort", "strconv", "strings", "time", "unicode", "unicode/utf16",
	"unicode/utf8",
}

var vocab = []string{"internal/vocab/...", "bencode/...", "metainfo/..."}

// floors lists every part of the tree, the deeper ones first where two match.
var floors = []floor{
	{name: "vocab", at: vocab, std: pure, project: vocab},
	{name: "core", at: []string{"internal/core/..."}, std: pure, project: vocab}, // and coreEdges
	{name: "sup", at: []string{"sup/..."}, notStd: []string{"net", "net/http", "os"}, project: []string{"sup/..."}},
	{
		name: "leaf types", at: []string{"internal/leaf/..."},
		std: append([]string{"context", "sync", "sync/atomic"}, pure...), project: slices.Concat(vocab, []string{"internal/leaf/..."}),
		foreign: []string{"golang.org/x/sys"},
	},
	{
		name: "storage", at: []string{"internal/storage/..."},
		project: slices.Concat(vocab, []string{"internal/storage/..."}), foreign: []string{"golang.org/x/sys"},
	},
	{
		name: "words of the seams", at: []string{"storage", "state"},
		project: slices.Concat(vocab, []string{"internal/storage", "internal/store"}),
	},
	{
		name: "proofs of a driver", at: []string{"internal/store/storetest", "storagetest", "statetest"},
		project: slices.Concat(vocab, []string{"internal/core/announce", "internal/storage/...", "internal/store", "internal/store/storetest"}),
		foreign: []string{"github.com/google/go-cmp", "pgregory.net/rapid"},
	},
	{
		name: "SQL driver", at: []string{"internal/store/sqlite/..."},
		project: slices.Concat(vocab, []string{"internal/store/..."}), foreign: []string{"golang.org/x/sys", "modernc.org/sqlite"},
	},
	{
		name: "store", at: []string{"internal/store/..."}, notStd: []string{"database/sql"},
		project: slices.Concat(vocab, []string{"internal/core/announce", "internal/store/...", "sup"}), foreign: []string{"golang.org/x/sys"}, // rows have what the core saves
	},
	{
		name: "proc", at: []string{"internal/proc/..."}, notStd: []string{"database/sql"},
		project: slices.Concat(vocab, []string{"internal/core/...", "internal/leaf/...", "internal/proc/...", "internal/storage/...", "internal/store/...", "sup"}),
		foreign: []string{"golang.org/x/sys", "golang.org/x/net", "golang.org/x/time"},
	},
	{
		name: "work without an engine", at: []string{"internal/create", "internal/hashing", "internal/ondisk"}, notStd: []string{"net"},
		project: slices.Concat(vocab, []string{"internal/core/names", "internal/hashing", "internal/leaf/sha1many", "internal/ondisk", "internal/storage/...", "sup"}),
	},
	{
		name: "library", at: []string{"."}, notStd: []string{"database/sql"},
		project: slices.Concat(vocab, []string{"internal/leaf/...", "internal/proc/...", "internal/storage/...", "internal/store", "sup"}),
	},
	{
		name: "companions of the library", at: []string{"etorrenttest/...", "sqlitestate/..."},
		project: slices.Concat(vocab, []string{".", "internal/leaf/...", "internal/proc/...", "internal/storage/...", "internal/store/...", "sup"}),
	},
	{
		name: "tracker as a library", at: []string{"tracker"}, notStd: []string{"database/sql"},
		project: slices.Concat(vocab, []string{"internal/core/swarms", "internal/proc/net", "internal/proc/tracking", "sup"}),
	},
	{
		name: "uTP as a library", at: []string{"utp"}, notStd: []string{"database/sql"},
		project: slices.Concat(vocab, []string{"internal/core/utp/conn", "internal/proc/clock", "internal/proc/net", "internal/proc/utp", "sup"}),
	},
	{
		name: "program", at: []string{"cmd/..."},
		project: slices.Concat(vocab, []string{".", "cmd/...", "internal/api", "internal/create", "internal/hashing", "internal/ondisk", "internal/utpsim", "internal/utpsim/trial", "internal/web", "sim", "sqlitestate", "sup", "tracker", "utp"}),
		foreign: []string{"github.com/spf13/cobra", "github.com/spf13/pflag", "github.com/dustin/go-humanize", "golang.org/x/sys", "golang.org/x/term"},
	},
	{name: "simulator", at: []string{"sim/..."}, project: slices.Concat(vocab, []string{"internal/core/...", "sim/..."})},
	{name: "our core on simulated links", at: []string{"internal/utpsim/ours", "internal/utpsim/trial"}, std: pure, project: slices.Concat(vocab, []string{"internal/core/utp/...", "internal/utpsim", "internal/utpsim/ours"})},
	{name: "simulator of links", at: []string{"internal/utpsim"}, std: pure, project: vocab},
	{name: "test hosts", at: []string{"internal/testnet/..."}, project: []string{"internal/testnet/..."}, foreign: []string{"golang.org/x/sys"}},
	{name: "seeds of fuzzing", at: []string{"internal/fuzzseed"}, project: []string{}},
	{
		name: "bench", at: []string{"bench/..."},
		project: slices.Concat(vocab, []string{".", "internal/testnet/libutp", "internal/storage/...", "internal/testnet", "internal/utpsim", "utp"}), foreign: []string{"golang.org/x/sys"},
	},
	{name: "tools", at: []string{"tools/..."}},
	{name: "tests of the tree", at: []string{"internal/archtest"}},
}

// coreEdges names, for a core, the other cores that it may use.
var coreEdges = map[string][]string{
	"internal/core/blame":      {"internal/core/storage"},
	"internal/core/scrape":     {"internal/core/announce"}, // a tracker has no answer for the same reasons
	"internal/core/utp/cong":   {"internal/core/utp/delay"},
	"internal/core/utp/conn":   {"internal/core/utp/cong", "internal/core/utp/mtu", "internal/core/utp/pace", "internal/core/utp/recv", "internal/core/utp/send"}, // it is what they make together
	"internal/core/utp/send":   {"internal/core/utp/rtt"},
	"internal/core/utp/tracer": {"internal/core/utp/cong", "internal/core/utp/conn"}, // it looks at what they do
}

// importLimit is how many packages of the project one package may import; the
// words of vocab, which every package speaks, do not count.
const importLimit = 10

// manyImports lists the packages that may import more, with the reason.
var manyImports = map[string]string{
	".":                     "the library is the front of the parts, whose types get their public names there",
	"cmd/etorrent":          "each command speaks to the part that does its work: the library, the tracker, the simulator",
	"internal/proc/client":  "it puts the tree together, so it knows every process",
	"internal/proc/torrent": "control, assign, choke and peers are one package: they share one torrent's seams",
}

func floorOf(folder string) (floor, string) {
	for _, f := range floors {
		if below(folder, f.at...) {
			return f, f.name
		}
	}
	return floor{}, ""
}

func TestEveryPackageStandsOnAFloor(t *testing.T) {
	for _, f := range files(t) {
		if _, name := floorOf(f.folder); name == "" {
			t.Errorf("%s: add %s to floors in internal/archtest, with what it may import", f.path, f.folder)
		}
	}
}

func TestImportsPointDown(t *testing.T) {
	for _, f := range production(t) {
		fl, name := floorOf(f.folder)
		for _, s := range f.ast.Imports {
			imp := unquote(s.Path.Value)
			if !fl.allows(f.folder, imp) {
				t.Errorf("%s: %s may not import %s (floor %s)", f.at(s), f.folder, imp, name)
			}
		}
	}
}

func (fl floor) allows(from, imp string) bool {
	first, _, _ := strings.Cut(imp, "/")
	switch {
	case imp == "C":
		return false
	case imp == module:
		return below(".", fl.project...)
	case strings.HasPrefix(imp, module+"/"):
		folder := strings.TrimPrefix(imp, module+"/")
		return below(folder, fl.project...) || below(folder, from+"/...") || slices.Contains(coreEdges[from], folder)
	case strings.Contains(first, "."):
		return slices.ContainsFunc(fl.foreign, func(m string) bool { return imp == m || strings.HasPrefix(imp, m+"/") })
	default:
		return (fl.std == nil || slices.Contains(fl.std, imp)) && !slices.Contains(fl.notStd, imp)
	}
}

func TestNamedEdgesBetweenCoresAreUsed(t *testing.T) {
	used := map[string]bool{}
	for _, f := range production(t) {
		for _, s := range f.ast.Imports {
			used[f.folder+" "+strings.TrimPrefix(unquote(s.Path.Value), module+"/")] = true
		}
	}
	for from, tos := range coreEdges {
		for _, to := range tos {
			if !used[from+" "+to] {
				t.Errorf("coreEdges: %s does not import %s", from, to)
			}
		}
	}
}

func TestNoPackageIsAHub(t *testing.T) {
	imports := map[string]map[string]bool{}
	for _, f := range production(t) {
		for _, s := range f.ast.Imports {
			folder, isOurs := strings.CutPrefix(unquote(s.Path.Value)+"/", module+"/")
			if !isOurs || below(strings.TrimSuffix(folder, "/"), vocab...) {
				continue
			}
			if imports[f.folder] == nil {
				imports[f.folder] = map[string]bool{}
			}
			imports[f.folder][folder] = true
		}
	}
	for folder, of := range imports {
		if _, excepted := manyImports[folder]; len(of) > importLimit && !excepted {
			t.Errorf("%s imports %d packages of the project, at most %d", folder, len(of), importLimit)
		}
	}
}
