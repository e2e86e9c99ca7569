package archtest

import (
	"go/ast"
	"maps"
	"slices"
	"testing"
)

// lockers lists the passive leaf types that may use sync and sync/atomic: nobody
// else does, and none of them holds a lock across a wait, a Call, I/O or a
// callback.
var lockers = map[string][]string{
	"etorrenttest":            {"monitor"}, // what the in-memory network waits with
	"sup":                     {"Cell", "Mailbox", "Pool", "Port", "Process", "Tree", "supervisor"},
	"internal/leaf/board":     {"Board"},
	"internal/leaf/bounded":   {"Queue"},
	"internal/leaf/crowd":     {"Bound", "Crowd"},
	"internal/leaf/gate":      {"Gate"},
	"internal/leaf/havelog":   {"Log"},
	"internal/leaf/limit":     {"Bucket"},
	"internal/leaf/ring":      {"Ring"},
	"internal/leaf/slab":      {"Pool"},
	"internal/leaf/slots":     {"Pool"},
	"cmd/etorrent":            {"stream"},                                                        // the first write that failed
	"internal/proc/announce":  {"slate"},                                                         // how far torrents are, and how their trackers do
	"internal/proc/client":    {"ballot", "crashLog"},                                            // the core that counts votes on our address; a set of stacks that were told
	"internal/proc/disk":      {"Memory", "Set", "outcomes"},                                     // a budget that all disks share; the map from volumes to disks; what workers leave for the loop
	"internal/proc/net":       {"Greeter", "Message", "MessagePool", "bareSocket", "udpPackets"}, // counters of connections being greeted; who uses a memory; memory that is lent; a descriptor, which is not closed under who waits for it; whose turn it is to write, which does not wait
	"internal/proc/udp":       {"tally"},                                                         // a copy of the counters
	"internal/proc/roster":    {"register"},                                                      // what runs, for the roster's next incarnation
	"internal/proc/torrent":   {"Tally", "inlet", "meter", "pulse", "roll", "windows"},           // counters that anyone reads; what comes for control, or for none; what the choker reads; a rate; who is connected; what hosts read
	"internal/proc/tracking":  {"guest", "shared"},                                               // a connection that leaves once; the core that all sockets ask
	"internal/proc/utp":       {"Conn", "Sockets", "Trace", "chunks", "roll"},                    // what passes between users and the process; where sockets are bound; lines that are to be written; memory that is lent; who is there
	"internal/storage":        {"Zeros"},                                                         // two sums that any worker may compute
	"internal/storage/faulty": {"Storage"},                                                       // stands in for a device: any worker may call it
	"internal/storage/files":  {"Handles", "store", "windowSet"},                                 // the same: the budget of open files, one torrent's root, and what is mapped
	"internal/storage/memory": {"Storage"},                                                       // the same
	"internal/store":          {"Memory"},                                                        // the same
	"internal/store/sqlite":   {"Driver"},                                                        // the same: its list of held torrents
}

func TestOnlyListedLeafTypesLock(t *testing.T) {
	used := map[string]map[string]string{}
	for _, f := range production(t) {
		if below(f.folder, "bench/...", "internal/testnet/...") {
			continue
		}
		for _, decl := range f.ast.Decls {
			for _, u := range f.lockUses(decl) {
				if used[f.folder] == nil {
					used[f.folder] = map[string]string{}
				}
				used[f.folder][u.owner] = f.at(u.node)
			}
		}
	}
	for folder, owners := range used {
		for _, owner := range slices.Sorted(maps.Keys(owners)) {
			if !slices.Contains(lockers[folder], owner) {
				t.Errorf("%s: %s is not listed as a leaf type with a lock", owners[owner], owner)
			}
		}
	}
	for folder, owners := range lockers {
		for _, owner := range owners {
			if used[folder][owner] == "" {
				t.Errorf("lockers: %s.%s uses no lock", folder, owner)
			}
		}
	}
}

// A lockUse is a selector on sync or sync/atomic in the declaration of owner: a
// type, its method or its constructor, or another function or a variable.
type lockUse struct {
	owner string
	node  ast.Node
}

func (f *goFile) lockUses(decl ast.Decl) []lockUse {
	var out []lockUse
	find := func(owner string, in ast.Node) {
		ast.Inspect(in, func(n ast.Node) bool {
			if selects(n, f.localName("sync")) != "" || selects(n, f.localName("sync/atomic")) != "" {
				out = append(out, lockUse{owner: owner, node: n})
			}
			return true
		})
	}
	switch d := decl.(type) {
	case *ast.FuncDecl:
		find(ownerOf(d), d)
	case *ast.GenDecl:
		for _, spec := range d.Specs {
			switch s := spec.(type) {
			case *ast.TypeSpec:
				find(s.Name.Name, s)
			case *ast.ValueSpec:
				find(s.Names[0].Name, s)
			}
		}
	}
	return out
}

// ownerOf is the type whose method or constructor a function is, or else its
// name.
func ownerOf(d *ast.FuncDecl) string {
	if d.Recv == nil && d.Type.Results != nil {
		if star, isPointer := d.Type.Results.List[0].Type.(*ast.StarExpr); isPointer {
			return typeName(star)
		}
	}
	return receiverOr(d)
}

// receiverOr is the name of the type of a method, or else that of the function.
func receiverOr(d *ast.FuncDecl) string {
	if d.Recv == nil {
		return d.Name.Name
	}
	return typeName(d.Recv.List[0].Type)
}

// typeName is the name in a type expression such as *T or T[K].
func typeName(e ast.Expr) string {
	switch e := e.(type) {
	case *ast.Ident:
		return e.Name
	case *ast.StarExpr:
		return typeName(e.X)
	case *ast.IndexExpr:
		return typeName(e.X)
	case *ast.IndexListExpr:
		return typeName(e.X)
	case *ast.SelectorExpr:
		return e.Sel.Name
	}
	return ""
}
