package control

import (
	"errors"
	"fmt"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"regexp"
	"time"
)

// longestName is the longest path that a socket's address takes on every platform,
// in bytes.
const longestName = 100

// namesakes is how many programs of one number share a state folder: each container
// counts from 1.
const namesakes = 10

// connectWithin bounds connecting, which waits only where a program is stopped and its
// queue is full.
const connectWithin = time.Second

var socketName = regexp.MustCompile(`^[0-9]+(-[0-9])?\.sock$`)

// socket is an open one with the file that it lies at.
type socket struct {
	*net.UnixListener
	path string
	file fs.FileInfo
}

// openSocket opens a socket that only its owner can reach, and removes those of
// programs that are gone.
func openSocket(state string, pid int) (*socket, error) {
	folder := folderOf(state)
	if err := os.Mkdir(folder, 0o700); err != nil && !errors.Is(err, fs.ErrExist) {
		return nil, err
	}
	if info, err := os.Lstat(folder); err != nil || !info.IsDir() {
		return nil, errors.Join(err, fmt.Errorf("%s is no folder", folder))
	}
	if err := os.Chmod(folder, 0o700); err != nil {
		return nil, err
	}
	sweep(folder)
	for n := range namesakes {
		name := fmt.Sprintf("%d.sock", pid)
		if n > 0 {
			name = fmt.Sprintf("%d-%d.sock", pid, n)
		}
		path := filepath.Join(folder, name)
		if _, err := os.Lstat(path); err == nil {
			continue // of a namesake: those of the dead are removed
		}
		return listenAt(path)
	}
	return nil, fmt.Errorf("%s has %d sockets of programs with the number %d", folder, namesakes, pid)
}

// listenAt makes the file under a name at which nobody looks, and names it when the
// socket takes connections: who meets one that does not, removes it.
func listenAt(path string) (*socket, error) {
	name, release, err := shortName(path + unborn)
	if err != nil {
		return nil, err
	}
	defer release()
	_ = os.Remove(path + unborn) // of one that was killed here
	l, err := net.ListenUnix("unix", &net.UnixAddr{Name: name, Net: "unix"})
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, reasonOf(err))
	}
	l.SetUnlinkOnClose(false) // by a name that may be none any more
	s := &socket{UnixListener: l, path: path}
	if err = protect(path + unborn); err == nil {
		err = nameIt(path+unborn, path)
	}
	if err == nil {
		s.file, err = os.Lstat(path)
	}
	if err != nil {
		_ = os.Remove(path + unborn)
		_ = s.Close()
		return nil, err
	}
	return s, nil
}

// place says where the file of a socket is.
type place uint8

const (
	itsPlace place = iota
	elsewhere
)

// there says whether the file at the socket's path is still the socket's.
func (s *socket) there() place {
	now, err := os.Lstat(s.path)
	if err != nil || s.file == nil || !os.SameFile(now, s.file) {
		return elsewhere
	}
	return itsPlace
}

// Close closes the socket and removes its file.
func (s *socket) Close() error {
	if s.there() == itsPlace {
		_ = os.Remove(s.path)
	}
	return s.UnixListener.Close()
}

// sweep removes the sockets of a folder at which nobody answers.
func sweep(folder string) {
	for _, path := range socketsIn(folder) {
		if conn, err := connect(path); err == nil {
			_ = conn.Close()
		}
	}
}

// socketsIn are the paths of the sockets in a folder; none where it cannot be read.
func socketsIn(folder string) []string {
	entries, _ := os.ReadDir(folder)
	var out []string
	for _, e := range entries {
		if socketName.MatchString(e.Name()) && e.Type()&(fs.ModeDir|fs.ModeSymlink) == 0 && !e.Type().IsRegular() {
			out = append(out, filepath.Join(folder, e.Name()))
		}
	}
	return out
}

// connect connects to a socket, and removes it if nobody has it open.
func connect(path string) (net.Conn, error) {
	name, release, err := shortName(path)
	if err != nil {
		return nil, err
	}
	defer release()
	conn, err := net.DialTimeout("unix", name, connectWithin)
	if isRefused(err) {
		_ = os.Remove(path)
	}
	return conn, err
}

// reasonOf is the system's reason, without the address.
func reasonOf(err error) error {
	var op *net.OpError
	if errors.As(err, &op) {
		return op.Err
	}
	return err
}
