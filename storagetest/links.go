package storagetest

import (
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/storage"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
)

func link(path, target string) storage.File {
	return storage.File{Path: path, Role: storage.Link, Target: target}
}

// linksHoldNothing is for every storage: for all but Linker a link is as padding.
func linksHoldNothing(t *testing.T, s Subject) {
	spec := specOf(s, file("c/a", 10), link("c/l", "a"), file("c/b", 10))
	st := open(t, s, spec)
	if made := prepareAll(t, st, spec); !slices.Equal(made, []int{0, 2}) {
		t.Errorf("made %v, want 0 and 2", made)
	}
	write(t, st, []byte("0123456789abcdefghij"), 0)
	syncAll(t, st, spec)
	if err := st.Recheck(t.Context(), allFiles(spec)); err != nil {
		t.Errorf("recheck: %v", err)
	}
	if got := string(read(t, st, 20, 0)); got != "0123456789abcdefghij" {
		t.Errorf("read %q", got)
	}
	if f := examine(t, st)[1]; f != (storage.Virtual{}) {
		t.Errorf("the link is %#v, want Virtual", f)
	}
	if err := st.Delete(t.Context(), []int{1}); err != nil {
		t.Errorf("delete of an absent link: %v", err)
	}
}

func linksAreMade(t *testing.T, s Subject) {
	out := outside(t, s)
	spec := specOf(s, file("c/a", 10), link("c/d/l", "../a"), link("c/taken", "a"))
	st := openPrepared(t, s, spec)
	linker, can := storage.As[storage.Linker](st)
	if !can {
		t.Skip("the store makes no links")
	}
	if err := out.Put(s.Dir+"/c/taken", []byte("theirs")); err != nil {
		t.Fatal(err)
	}
	write(t, st, []byte("0123456789"), 0)
	for range 2 {
		refused, err := linker.Link(t.Context(), allFiles(spec))
		if err != nil {
			t.Fatalf("link: %v", err)
		}
		if len(refused) > 0 {
			t.Skipf("links are refused here: %v", refused[0].Err)
		}
	}
	if err := st.Sync(t.Context(), pieceset.New(spec.Geometry.Pieces())); err != nil {
		t.Fatalf("sync of no piece: %v", err)
	}
	for i, want := range map[int]storage.LinkEvidence{1: storage.LinkThere{}, 2: storage.LinkOther{}} {
		if got := linker.ViewLink(i); got != want {
			t.Errorf("link %d is %#v, want %#v", i, got, want)
		}
	}
	for name, want := range map[string]string{"c/d/l": "0123456789", "c/taken": "theirs"} {
		if got, err := out.Get(s.Dir + "/" + name); string(got) != want {
			t.Errorf("%s: %q, %v, want %q", name, got, err, want)
		}
	}
	if err := st.Delete(t.Context(), []int{1, 2}); err != nil {
		t.Fatalf("delete: %v", err)
	}
	if got := linker.ViewLink(1); got != (storage.LinkAbsent{}) {
		t.Errorf("the deleted link is %#v", got)
	}
	if got, err := out.Get(s.Dir + "/c/taken"); string(got) != "theirs" {
		t.Errorf("what was there: %q, %v", got, err)
	}
	syncAll(t, st, spec)
}
