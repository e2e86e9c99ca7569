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
	r := &Recording{start: newImage()}
	r.root = r.fresh(isFolder)
	err := r.read(root, r.root, &roll{})
	r.now = r.start.clone()
	return r, err
}

// roll has the files that were met, to know a second name of one.
type roll struct {
	infos []os.FileInfo
	nodes []*node
}

func (l *roll) find(info os.FileInfo) *node {
	for i, other := range l.infos {
		if os.SameFile(info, other) {
			return l.nodes[i]
		}
	}
	return nil
}

func (r *Recording) fresh(k kind) *node {
	r.nodes++
	return &node{number: r.nodes, kind: k}
}

// read takes a folder as it lies on the disk. A second name of a file leads to the
// file that is known.
func (r *Recording) read(path string, n *node, known *roll) error {
	entries, err := os.ReadDir(path)
	if err != nil {
		return err
	}
	for _, e := range entries {
		below := filepath.Join(path, e.Name())
		info, err := e.Info()
		if err != nil {
			return err
		}
		child := known.find(info)
		switch {
		case child != nil:
		case e.IsDir():
			child = r.fresh(isFolder)
			err = r.read(below, child, known)
		default:
			child = r.fresh(isFile)
			known.infos, known.nodes = append(known.infos, info), append(known.nodes, child)
			r.start.bytes[child], err = os.ReadFile(below)
		}
		if err != nil {
			return err
		}
		r.start.enter(n, e.Name(), child)
	}
	return nil
}

// Calls are the system calls that Add has to see, for strace -e trace=: those that
// it understands, and those that it refuses where they change the folder.
const Calls = "open,openat,creat,mkdir,mkdirat,write,pwrite64,pwritev,pwritev2,writev,truncate,ftruncate,fallocate," +
	"fsync,fdatasync,fadvise64,lseek,copy_file_range,sendfile,splice,mmap," +
	"rename,renameat,renameat2,link,linkat,symlink,symlinkat,unlink,unlinkat,rmdir"

// Add takes the trace of one run of a program that changed the folder at root,
// behind those of the runs before. out is where its standard output went.
func (r *Recording) Add(trace io.Reader, root, out string) error {
	lines := bufio.NewScanner(trace)
	lines.Buffer(make([]byte, 1<<20), 64<<20)
	split := &splitter{pending: map[string]call{}}
	a := &adder{r: r, root: root, out: out, at: map[int]int64{}}
	for lines.Scan() {
		r.lines++
		c, complete, err := split.line(r.lines, lines.Text())
		if err == nil && complete {
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
	rest      string        // of the output: a line that has not ended
	at        map[int]int64 // where descriptors stand
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
		n = a.r.now.names[n][part]
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
	ch.apply(a.r.now)
}
