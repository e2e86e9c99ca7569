package knife

import (
	"fmt"
	"path/filepath"
	"strings"
)

// add takes one call that succeeded.
func (a *adder) add(c call) error {
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
	case "mkdir", "unlink", "rmdir", "rename":
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
		return a.sync(c)
	case "write", "pwrite64", "ftruncate", "fallocate", "pwritev", "writev", "copy_file_range":
		return a.data(c)
	case "mmap":
		return a.mapped(c)
	}
	return fmt.Errorf("line %d: %s is not understood", c.end, c.name)
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
		n = a.r.fresh(isFolder)
		a.r.name(folder, name, n)
		a.op(c, folder, enter{folder, name, n})
		return nil
	}
	if n == nil {
		return fmt.Errorf("line %d removes %s, which is not there", c.end, path)
	}
	delete(a.r.names[folder], name)
	a.op(c, folder, leave{folder, name})
	return nil
}

// pair is a rename or a link.
func (a *adder) pair(c call, from, to string) error {
	fromFolder, fromName, n, ours := a.locate(from)
	toFolder, toName, _, also := a.locate(to)
	if !ours && !also {
		return nil
	}
	if n == nil || toFolder == nil {
		return fmt.Errorf("line %d: %s from %s to %s leads out, or from nothing", c.end, c.name, from, to)
	}
	a.r.name(toFolder, toName, n)
	if strings.HasPrefix(c.name, "link") {
		a.op(c, toFolder, enter{toFolder, toName, n})
		return nil
	}
	delete(a.r.names[fromFolder], fromName)
	a.op(c, toFolder, move{from: leave{fromFolder, fromName}, to: leave{toFolder, toName}, node: n})
	return nil
}

// open may make a file, or empty it.
func (a *adder) open(c call, path, flags string) error {
	folder, name, n, ours := a.locate(path)
	switch {
	case !ours:
	case n == nil && strings.Contains(flags, "O_CREAT"):
		n = a.r.fresh(isFile)
		a.r.name(folder, name, n)
		a.op(c, folder, enter{folder, name, n})
	case n != nil && strings.Contains(flags, "O_TRUNC"):
		a.op(c, n, resize{n, 0})
	}
	return nil
}

func (a *adder) sync(c call) error {
	_, path, err := descriptor(c.args[0])
	if err != nil {
		return err
	}
	if _, _, n, ours := a.locate(path); ours && n != nil {
		a.r.syncs = append(a.r.syncs, sync{begin: c.begin, end: c.end, target: n})
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
		bytes, err := text(c.args[1])
		if err != nil {
			return fmt.Errorf("line %d: %w", c.end, err)
		}
		at, err := number(c.args[3])
		if err != nil {
			return err
		}
		done, err := number(c.result)
		if err != nil || done > int64(len(bytes)) {
			return fmt.Errorf("line %d wrote %s of %d bytes", c.end, c.result, len(bytes))
		}
		a.op(c, n, write{n, at, []byte(bytes[:done])})
		return nil
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
		if !strings.Contains(c.args[1], "KEEP_SIZE") {
			a.op(c, n, extend{n, at + length})
		}
		return err
	}
	return fmt.Errorf("line %d: %s of %s is not understood", c.end, c.name, path)
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
	if _, _, _, ours := a.locate(path); ours && !strings.HasSuffix(path, "-shm") {
		return fmt.Errorf("line %d maps %s for writing", c.end, path)
	}
	return nil
}
