package knife

import (
	"fmt"
	"path/filepath"
	"strings"
)

// add takes one call.
func (a *adder) add(c call) error {
	if strings.HasPrefix(c.result, "-1") {
		return a.refused(c)
	}
	switch c.name {
	case "open":
		path, err := text(c.args[0])
		if err != nil {
			return err
		}
		return a.open(c, filepath.Clean(path), c.args[1])
	case "openat":
		path, err := pathAt(c.args[0], c.args[1])
		if err != nil {
			return err
		}
		return a.open(c, path, c.args[2])
	case "mkdir", "unlink", "rmdir", "rename", "link":
		return a.plain(c)
	case "mkdirat", "unlinkat":
		path, err := pathAt(c.args[0], c.args[1])
		if err != nil {
			return err
		}
		return a.entry(c, path)
	case "renameat", "renameat2", "linkat":
		from, err := pathAt(c.args[0], c.args[1])
		if err != nil {
			return err
		}
		to, err := pathAt(c.args[2], c.args[3])
		if err != nil {
			return err
		}
		return a.pair(c, from, to)
	case "fsync", "fdatasync":
		return a.sync(c, &a.r.syncs)
	case "fadvise64":
		if !strings.HasPrefix(c.args[3], "POSIX_FADV_DONTNEED") {
			return nil
		}
		return a.sync(c, &a.r.dropped)
	case "write", "pwrite64", "ftruncate", "fallocate", "pwritev", "pwritev2", "writev":
		return a.data(c)
	case "copy_file_range", "sendfile":
		return a.copied(c)
	case "lseek":
		return a.seek(c)
	case "mmap":
		return a.mapped(c)
	}
	return fmt.Errorf("line %d: %s is not understood", c.end, c.name)
}

// refused takes a call that failed. A sync that fails covers nothing; what else
// fails changes nothing.
func (a *adder) refused(c call) error {
	if c.name == "fsync" || c.name == "fdatasync" {
		return a.sync(c, &a.r.failed)
	}
	if strings.HasPrefix(c.result, "-1 ENOSPC") || strings.HasPrefix(c.result, "-1 EIO") {
		a.r.refused++
	}
	return nil
}

// plain is a call with paths alone, which must be absolute to be ours.
func (a *adder) plain(c call) error {
	var paths []string
	for _, arg := range c.args {
		if !strings.HasPrefix(arg, `"`) {
			continue
		}
		p, err := text(arg)
		if err != nil {
			return err
		}
		paths = append(paths, filepath.Clean(p))
	}
	if len(paths) == 2 {
		return a.pair(c, paths[0], paths[1])
	}
	return a.entry(c, paths[0])
}

// entry makes or removes one name.
func (a *adder) entry(c call, path string) error {
	folder, name, n, ours := a.locate(path)
	if !ours {
		return nil
	}
	if strings.HasPrefix(c.name, "mkdir") {
		a.op(c, folder, enter{folder, name, a.r.fresh(isFolder)})
		return nil
	}
	if n == nil && isSocket(name) {
		return nil
	}
	if n == nil {
		return fmt.Errorf("line %d removes %s, which is not there", c.end, path)
	}
	a.op(c, folder, leave{folder, name})
	return nil
}

// isSocket says whether a name that no call made is that of a socket, which bind makes: it has
// nothing that a cut could take.
func isSocket(name string) bool { return strings.Contains(name, ".sock") }

// pair is a rename or a link.
func (a *adder) pair(c call, from, to string) error {
	fromFolder, fromName, n, ours := a.locate(from)
	toFolder, toName, there, also := a.locate(to)
	if !ours && !also {
		return nil
	}
	if n == nil && isSocket(toName) {
		return nil
	}
	if n == nil || toFolder == nil {
		return fmt.Errorf("line %d: %s from %s to %s leads out, or from nothing", c.end, c.name, from, to)
	}
	if c.name == "renameat2" && strings.Contains(c.args[4], "EXCHANGE") {
		return fmt.Errorf("line %d: an exchange of names is not understood", c.end)
	}
	switch {
	case strings.HasPrefix(c.name, "link"):
		a.op(c, toFolder, enter{toFolder, toName, n})
	case there == n: // POSIX: between two names of one file a rename does nothing
	default:
		a.op(c, toFolder, move{from: leave{fromFolder, fromName}, to: leave{toFolder, toName}, node: n})
	}
	return nil
}

// open may make a file, or empty it.
func (a *adder) open(c call, path, flags string) error {
	if err := a.opened(c, flags); err != nil {
		return err
	}
	folder, name, n, ours := a.locate(path)
	switch {
	case !ours:
	case n == nil && strings.Contains(flags, "O_CREAT"):
		a.op(c, folder, enter{folder, name, a.r.fresh(isFile)})
	case n != nil && strings.Contains(flags, "O_TRUNC"):
		a.op(c, n, resize{n, 0})
	}
	return nil
}

// sync notes a call that has an effect on all of a file or folder.
func (a *adder) sync(c call, into *[]sync) error {
	_, path, err := descriptor(c.args[0])
	if err != nil {
		return err
	}
	if _, _, n, ours := a.locate(path); ours && n != nil {
		*into = append(*into, sync{begin: c.begin, end: c.end, target: n})
	}
	return nil
}

// data changes a file, or is the program's output.
func (a *adder) data(c call) error {
	fd, path, err := descriptor(c.args[0])
	if err != nil {
		return err
	}
	if c.name == "write" && fd == 1 && path == a.out {
		return a.output(c)
	}
	_, _, n, ours := a.locate(path)
	if !ours || n == nil {
		return nil // of another folder, or of a file that has no name any more
	}
	switch c.name {
	case "pwrite64":
		at, err := number(c.args[3])
		if err != nil {
			return err
		}
		return a.written(c, n, at)
	case "pwritev":
		return a.gathered(c, n)
	case "write":
		return a.appended(c, n, fd)
	case "ftruncate":
		size, err := number(c.args[1])
		a.op(c, n, resize{n, size})
		return err
	case "fallocate":
		at, err := number(c.args[2])
		if err != nil {
			return err
		}
		length, err := number(c.args[3])
		switch mode := c.args[1]; {
		case mode == "0":
			a.op(c, n, extend{n, at + length})
		case mode != "FALLOC_FL_KEEP_SIZE":
			return fmt.Errorf("line %d: fallocate with %s is not understood", c.end, mode)
		}
		return err
	}
	return fmt.Errorf("line %d: %s of %s is not understood", c.end, c.name, path)
}

// gathered is a write of the bytes of several places of the memory.
func (a *adder) gathered(c call, n *node) error {
	at, err := number(c.args[3])
	if err != nil {
		return err
	}
	parts, _, err := splitArgs(strings.TrimSuffix(strings.TrimPrefix(c.args[1], "["), "]") + ")")
	if err != nil {
		return fmt.Errorf("line %d: %w", c.end, err)
	}
	var all strings.Builder
	for _, part := range parts {
		base, _, _ := strings.Cut(strings.TrimPrefix(part, "{iov_base="), ", iov_len=")
		bytes, err := text(base)
		if err != nil {
			return fmt.Errorf("line %d: %w", c.end, err)
		}
		all.WriteString(bytes)
	}
	return a.wrote(c, n, at, all.String())
}

// written is a write of the bytes that a call names.
func (a *adder) written(c call, n *node, at int64) error {
	bytes, err := text(c.args[1])
	if err != nil {
		return fmt.Errorf("line %d: %w", c.end, err)
	}
	return a.wrote(c, n, at, bytes)
}

func (a *adder) wrote(c call, n *node, at int64, bytes string) error {
	done, err := number(c.result)
	if err != nil || done > int64(len(bytes)) {
		return fmt.Errorf("line %d wrote %s of %d bytes", c.end, c.result, len(bytes))
	}
	a.op(c, n, write{n, at, []byte(bytes[:done])})
	return nil
}

func (a *adder) output(c call) error {
	bytes, err := text(c.args[1])
	if err != nil {
		return err
	}
	a.rest += bytes
	for {
		line, rest, whole := strings.Cut(a.rest, "\n")
		if !whole {
			return nil
		}
		a.rest = rest
		a.r.said = append(a.r.said, said{end: c.end, line: line})
	}
}

// mapped refuses writes that no call shows.
func (a *adder) mapped(c call) error {
	if len(c.args) < 5 || !strings.Contains(c.args[2], "PROT_WRITE") || !strings.Contains(c.args[3], "MAP_SHARED") {
		return nil
	}
	_, path, err := descriptor(c.args[4])
	if err != nil || path == "" {
		return err
	}
	if _, _, _, ours := a.locate(path); ours && !isUseless(path) {
		return fmt.Errorf("line %d maps %s for writing", c.end, path)
	}
	return nil
}
