//go:build linux

package interop

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/sqlitestate"
)

// restart runs the program until it tells what it claims, and judges that.
func (x *cutter) restart(t *testing.T) error {
	t.Helper()
	args := x.command(t)
	c := exec.Command(args[0], args[1:]...)
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	var noise tail
	c.Stderr = &noise
	out, err := c.StdoutPipe()
	if err == nil {
		err = c.Start()
	}
	if err != nil {
		t.Fatal(err)
	}
	var wrong error
	refused := false
	lines := bufio.NewScanner(out)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		r, err := parseReport(lines.Bytes())
		switch {
		case err != nil:
			wrong = fmt.Errorf("it said %q", lines.Text())
		case r.Event == "added":
			for i := range claims(t, &r) {
				if !pieceIsRight(t, x.meta, x.dl, i) {
					wrong = fmt.Errorf("the program claims piece %d, which is wrong", i)
				}
			}
			_ = c.Process.Signal(syscall.SIGTERM)
		case x.places == copiesUnknown && strings.Contains(r.Message, "would overwrite"):
			refused = true // for it is another file by its number, with nothing right in it
		case r.Event == "error" || r.Event == "warning":
			wrong = fmt.Errorf("%s: %s", r.Event, r.Message)
		}
	}
	err = c.Wait()
	if refused && c.ProcessState.ExitCode() == 6 {
		return wrong
	}
	if code := c.ProcessState.ExitCode(); wrong == nil && code != 0 && code != 143 {
		wrong = fmt.Errorf("%w\n%s", err, noise.last)
	}
	return wrong
}

// tail keeps the end of what is written to it.
type tail struct{ last []byte }

func (w *tail) Write(b []byte) (int, error) {
	w.last = append(w.last, b...)
	w.last = w.last[max(0, len(w.last)-4096):]
	return len(b), nil
}

// readRow reads the claims as the row has them. Then it makes the row believe
// that the files were left as they are: the copies have other inode numbers, and
// the program would read them all again rather than rely on its claims.
func (x *cutter) readRow(t *testing.T, promised map[int]bool) error {
	t.Helper()
	ctx := context.Background()
	if _, err := os.Stat(filepath.Join(x.state, "state.db")); errors.Is(err, fs.ErrNotExist) {
		return x.missing(promised, nil)
	}
	d, err := sqlitestate.Open(x.state)
	if err != nil {
		return fmt.Errorf("the state cannot be opened: %w", err)
	}
	defer d.Close()
	id, err := d.FindByKey(ctx, store.Key(x.meta.ID().V1))
	var none *store.NoKeyError
	if errors.As(err, &none) {
		return x.missing(promised, nil)
	}
	if err != nil {
		return err
	}
	row, err := d.Get(ctx, id)
	if err != nil {
		return err
	}
	held := map[int]bool{}
	for i := range row.Claims.Held(row.Pieces).All() {
		held[int(i)] = true
		x.claimed++
		if !pieceIsRight(t, x.meta, x.dl, int(i)) {
			return fmt.Errorf("the row claims piece %d, which is wrong", i)
		}
	}
	if err := x.missing(promised, held); err != nil {
		return err
	}
	return x.adopt(ctx, d, row)
}

// missing says whether something is not claimed that was said to be durable.
func (x *cutter) missing(promised, held map[int]bool) error {
	for i := range promised {
		if !held[i] {
			return fmt.Errorf("piece %d was durable and is not claimed", i)
		}
	}
	return nil
}

// adopt tells the row the inode numbers of the copies.
func (x *cutter) adopt(ctx context.Context, d store.Driver, row *store.Row) error {
	u := store.FilesUpdate{ID: row.ID, Epoch: row.Epoch}
	for _, f := range row.Files {
		path := filepath.Join(x.dl, filepath.FromSlash(row.FileMap[f.File]))
		info, err := os.Stat(path)
		if err != nil {
			continue // the program will see that it is gone
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			f.Device, f.Inode = uint64(st.Dev), st.Ino
		}
		if f.Size == info.Size() {
			if err := os.Chtimes(path, f.ModTime, f.ModTime); err != nil {
				return err
			}
		}
		u.Files = append(u.Files, f)
	}
	x.places = copiesAdopted
	return d.MarkFiles(ctx, u)
}
