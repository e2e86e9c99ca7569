// Package library_test uses the library as a program of somebody else does.
package library_test

import (
	"bytes"
	"crypto/sha1"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/metainfo"
)

const piece = 64 << 10

// words are the bytes of a torrent in such pieces, and its .torrent.
func words(t *testing.T) (data, metainfoFile []byte) {
	t.Helper()
	data = bytes.Repeat([]byte("what somebody wants to read. "), 10_000)
	builder, err := metainfo.NewBuilder(metainfo.Spec{
		Name: "words.txt", PieceLength: piece, Files: []metainfo.SpecFile{{Length: int64(len(data))}},
	})
	if err != nil {
		t.Fatal(err)
	}
	for at := 0; at < len(data); at += piece {
		builder.PushPiece(sha1.Sum(data[at:min(at+piece, len(data))]))
	}
	return data, builder.Build()
}

// The library as a program of somebody else has it, by its public packages only: one
// client shares a file, another adds it, reads its end while it comes, and waits for
// the rest.
func TestAProgramOfSomebodyElsesFetchesAndReads(t *testing.T) {
	data, metainfoFile := words(t)
	from, to := t.TempDir(), t.TempDir()
	torrentFile := filepath.Join(from, "words.torrent")
	for path, b := range map[string][]byte{torrentFile: metainfoFile, filepath.Join(from, "words.txt"): data} {
		if err := os.WriteFile(path, b, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	clients := map[string]*etorrent.Client{}
	for name, dir := range map[string]string{"sharing": from, "fetching": to} {
		client, err := etorrent.New(t.Context(), etorrent.Options{Dir: dir, Listen: []string{"127.0.0.1:0"}})
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = client.Close() }()
		clients[name] = client
	}
	source, err := etorrent.ParseSource(torrentFile)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := clients["sharing"].Add(t.Context(), source, etorrent.ShareOnly()); err != nil {
		t.Fatal(err)
	}
	at, err := clients["sharing"].Listening(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	torrent, err := clients["fetching"].Add(t.Context(), source, etorrent.WithPeers(at...))
	if err != nil {
		t.Fatal(err)
	}
	tree := torrent.FS(t.Context())
	f, err := tree.Open("words.txt")
	if err != nil {
		t.Fatal(err)
	}
	defer func() { _ = f.Close() }()
	end := make([]byte, 1000)
	if _, err := f.(io.ReaderAt).ReadAt(end, int64(len(data)-1000)); err != nil || !bytes.Equal(end, data[len(data)-1000:]) {
		t.Errorf("its end: %v", err)
	}
	if got, err := fs.ReadFile(tree, "words.txt"); err != nil || !bytes.Equal(got, data) {
		t.Errorf("%d bytes, %v", len(got), err)
	}
	if err := fstest.TestFS(tree, "words.txt"); err != nil {
		t.Error(err)
	}
	if err := torrent.Wait(t.Context(), etorrent.DataStored); err != nil {
		t.Fatal(err)
	}
	if err := torrent.Remove(t.Context(), etorrent.DeleteData); err != nil {
		t.Fatal(err)
	}
	if left, err := os.ReadDir(to); err != nil || len(left) > 0 {
		t.Errorf("left: %v, %v", left, err)
	}
}
