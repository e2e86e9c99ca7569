package sqlitestate_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/internal/store/storetest"
	"github.com/etorrent/etorrent/sqlitestate"
)

func TestAStateThatWasOpenedKeepsItsRows(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "new", "state")
	for range 2 {
		s, err := sqlitestate.Open(dir)
		if err != nil {
			t.Fatal(err)
		}
		id, err := s.Insert(t.Context(), storetest.Sample(1))
		if err != nil || id != 1 {
			t.Errorf("id %d, %v", id, err)
		}
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestAFileThatIsNoStateIsNamed(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	if err := os.WriteFile(path, []byte(strings.Repeat("not a state ", 99)), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := sqlitestate.Open(filepath.Dir(path)); err == nil || !strings.Contains(err.Error(), path) {
		t.Errorf("open: %v", err)
	}
}
