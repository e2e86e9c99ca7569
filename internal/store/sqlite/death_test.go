package sqlite_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/internal/store"
	"github.com/etorrent/etorrent/internal/store/sqlite"
	"github.com/etorrent/etorrent/internal/store/storetest"
	"github.com/etorrent/etorrent/internal/vocab/ident"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

// manyPieces is how many pieces the row of the program that dies has.
const manyPieces = 2000

// childFolder names the environment variable that makes this test program the
// one that dies, and tells it where the state is.
const childFolder = "ETORRENT_TEST_STATE"

func TestMain(m *testing.M) {
	if dir := os.Getenv(childFolder); dir != "" {
		if err := claimForever(dir); err != nil {
			fmt.Println("error:", err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// claimForever holds a torrent and claims its pieces one by one. It says on its
// output what was done, after it was done.
func claimForever(dir string) error {
	ctx := context.Background()
	d, err := sqlite.Open(ctx, dir)
	if err != nil {
		return err
	}
	key := bigRow().Keys.Wire()[0]
	if _, err := d.Hold(ctx, key, "child"); err != nil {
		return err
	}
	id, err := d.FindByKey(ctx, key)
	if err != nil {
		return err
	}
	epoch, err := d.Own(ctx, id, "child")
	for i := pieceset.Index(0); err == nil && i < manyPieces; i++ {
		u := store.ClaimUpdate{
			ID: id, Epoch: epoch, Add: pieceset.Of(manyPieces, i), Origin: store.Checked{},
			Partials: &store.Partials{{Piece: i, Blocks: []byte{1}}, {Piece: manyPieces - 1, Blocks: []byte{byte(i)}}},
			Counters: store.Counters{Downloaded: int64(i) + 1},
		}
		if err = d.Claim(ctx, u); err == nil {
			fmt.Println(i)
		}
	}
	return err
}

func bigRow() *store.Row {
	r := storetest.Magnet(1)
	r.Pieces, r.Metainfo = manyPieces, []byte("de")
	return r
}

// child starts the program that claims and waits until it has reported count
// claims. It returns it with the last claim that it reported.
func child(t *testing.T, dir string, count int) (*exec.Cmd, *bufio.Scanner, pieceset.Index) {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childFolder+"="+dir)
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = cmd.Process.Kill() })
	lines := bufio.NewScanner(out)
	last := pieceset.Index(0)
	for range count {
		if !lines.Scan() {
			t.Fatal("the child ended")
		}
		last = reported(t, lines.Text())
	}
	return cmd, lines, last
}

func reported(t *testing.T, line string) pieceset.Index {
	t.Helper()
	var i pieceset.Index
	if _, err := fmt.Sscan(strings.TrimSpace(line), &i); err != nil {
		t.Fatalf("the child says %q", line)
	}
	return i
}

func TestWhatAKilledProgramReportedIsThereAndItHoldsNothing(t *testing.T) {
	dir := t.TempDir()
	d := open(t, dir)
	id, err := d.Insert(t.Context(), bigRow())
	if err != nil {
		t.Fatal(err)
	}
	for life := range 4 {
		killed(t, d, dir, id, 5+20*life)
	}
}

// killed lets a program claim, kills it amid that, and looks at what is left.
func killed(t *testing.T, d *sqlite.Driver, dir string, id ident.TorrentID, count int) {
	t.Helper()
	key := bigRow().Keys.Wire()[0]
	cmd, lines, last := child(t, dir, count)
	_, err := d.Hold(t.Context(), key, "parent")
	if held, is := err.(*store.HeldError); !is || held.PID != cmd.Process.Pid {
		t.Errorf("hold beside the living: %v, want held by %d", err, cmd.Process.Pid)
	}
	if err := cmd.Process.Kill(); err != nil {
		t.Fatal(err)
	}
	for lines.Scan() {
		last = reported(t, lines.Text())
	}
	_ = cmd.Wait()
	h, err := d.Hold(t.Context(), key, "parent")
	if err != nil {
		t.Fatalf("hold after the death: %v", err)
	}
	if err := h.Release(); err != nil {
		t.Error(err)
	}
	r, err := d.Get(t.Context(), id)
	if err != nil {
		t.Fatal(err)
	}
	for i := range last + 1 {
		if !r.Claims.Checked.Has(i) {
			t.Errorf("piece %d was reported and is not claimed", i)
		}
	}
	if r.Counters.Downloaded < int64(last)+1 {
		t.Errorf("downloaded is %d after %d claims", r.Counters.Downloaded, last+1)
	}
	if len(r.Partials) != 1 {
		t.Errorf("partials are %v", r.Partials)
	}
}
