package knife

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

// Start begins a recording of a folder with what is there now, which counts as
// durable.
func Start(root string) (*Recording, error) {
	r := &Recording{names: map[*node]map[string]*node{}, start: newImage()}
	r.root = r.fresh(isFolder)
	return r, r.read(root, r.root)
}

func (r *Recording) fresh(k kind) *node {
	r.nodes++
	return &node{number: r.nodes, kind: k}
}

// read takes a folder as it lies on the disk.
func (r *Recording) read(path string, n *node) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		k := isFile
		if e.IsDir() {
			k = isFolder
		}
		child := r.fresh(k)
		r.name(n, e.Name(), child)
		r.start.enter(n, e.Name(), child)
		below := filepath.Join(path, e.Name())
		if k == isFolder {
			err = r.read(below, child)
		} else {
			r.start.bytes[child], err = os.ReadFile(below)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (r *Recording) name(folder *node, name string, n *node) {
	if r.names[folder] == nil {
		r.names[folder] = map[string]*node{}
	}
	r.names[folder][name] = n
}

// Calls are the system calls that Add understands, for strace -e trace=.
const Calls = "open,openat,mkdir,mkdirat,write,pwrite64,pwritev,writev,ftruncate,fallocate,fsync,fdatasync," +
	"rename,renameat,renameat2,linkat,unlink,unlinkat,rmdir,copy_file_range,mmap"

// Add takes the trace of one run of a program that changed the folder at root,
// behind those of the runs before. out is where its standard output went.
func (r *Recording) Add(trace io.Reader, root, out string) error {
	lines := bufio.NewScanner(trace)
	lines.Buffer(make([]byte, 1<<20), 64<<20)
	split := &splitter{pending: map[string]call{}}
	a := &adder{r: r, root: root, out: out}
	for lines.Scan() {
		r.lines++
		c, complete, err := split.line(r.lines, lines.Text())
		if err == nil && complete && !strings.HasPrefix(c.result, "-1") {
			err = a.add(c)
		}
		if err != nil {
			return err
		}
	}
	if a.rest != "" {
		return fmt.Errorf("the output ends within a line: %.80q", a.rest)
	}
	return lines.Err()
}

// adder takes the calls of one run.
type adder struct {
	r         *Recording
	root, out string
	rest      string // of the output: a line that has not ended
}

// locate finds what a path leads to now: its folder, its name there, and itself
// if it is there. ok is false where it does not lie below the root.
func (a *adder) locate(path string) (folder *node, name string, n *node, ok bool) {
	if path == a.root {
		return nil, "", a.r.root, true
	}
	rel, below := strings.CutPrefix(path, a.root+"/")
	if !below {
		return nil, "", nil, false
	}
	folder, n = nil, a.r.root
	for part := range strings.SplitSeq(filepath.Clean(rel), "/") {
		if n == nil {
			return nil, "", nil, false
		}
		folder, name = n, part
		n = a.r.names[n][part]
	}
	return folder, name, n, true
}

// pathAt is the path that a descriptor of a folder and a name mean.
func pathAt(at, name string) (string, error) {
	_, folder, err := descriptor(at)
	if err != nil {
		return "", err
	}
	rel, err := text(name)
	if err != nil {
		return "", err
	}
	if filepath.IsAbs(rel) {
		return filepath.Clean(rel), nil
	}
	return filepath.Join(folder, rel), nil
}

func number(arg string) (int64, error) {
	head, _, _ := strings.Cut(arg, " ")
	return strconv.ParseInt(head, 0, 64)
}

func (a *adder) op(c call, target *node, ch change) {
	a.r.ops = append(a.r.ops, op{begin: c.begin, end: c.end, target: target, change: ch})
}
