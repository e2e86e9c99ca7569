package etorrent_test

import (
	"context"
	"crypto/sha1"
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/metainfo"
)

// download fetches a torrent from a peer, HOST:PORT, to a folder.
func download(ctx context.Context, torrentFile, folder, peer string) error {
	client, err := etorrent.New(ctx, etorrent.Options{Dir: folder})
	if err != nil {
		return err
	}
	defer client.Close()
	torrent, err := client.Add(ctx, etorrent.FromFile(torrentFile), etorrent.WithPeerNames(peer))
	if err != nil {
		return err
	}
	return torrent.Wait(ctx, etorrent.DataStored)
}

// One client shares a file, another fetches it.
func Example() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "etorrent")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	peer, stop := share(ctx, folder, []byte("a file of a few words"))
	defer stop()
	if err := download(ctx, filepath.Join(folder, "my.torrent"), filepath.Join(folder, "downloads"), peer); err != nil {
		panic(err)
	}
	copied, err := os.ReadFile(filepath.Join(folder, "downloads", "words.txt"))
	fmt.Printf("%s, %v\n", copied, err)
	// Output: a file of a few words, <nil>
}

// One client shares a file, another reads it while it is fetched, from its eighth byte
// on.
func ExampleFile_Open() {
	ctx := context.Background()
	folder, err := os.MkdirTemp("", "etorrent")
	if err != nil {
		panic(err)
	}
	defer os.RemoveAll(folder)
	peer, stop := share(ctx, folder, []byte("a file of a few words"))
	defer stop()
	client, err := etorrent.New(ctx, etorrent.Options{Dir: filepath.Join(folder, "downloads")})
	if err != nil {
		panic(err)
	}
	defer client.Close()
	source, err := os.Open(filepath.Join(folder, "my.torrent"))
	if err != nil {
		panic(err)
	}
	defer source.Close()
	torrent, err := client.Add(ctx, etorrent.FromReader(source), etorrent.WithPeerNames(peer))
	if err != nil {
		panic(err)
	}
	for file := range torrent.Files() {
		reader, err := file.Open(ctx)
		if err != nil {
			panic(err)
		}
		defer reader.Close()
		if _, err := reader.Seek(7, io.SeekStart); err != nil {
			panic(err)
		}
		text, err := io.ReadAll(reader)
		fmt.Printf("%s: %s, %v\n", file.Path, text, err)
	}
	// Output: words.txt: of a few words, <nil>
}

// share writes words.txt and my.torrent to a folder and shares them. It returns
// where, and how to stop.
func share(ctx context.Context, folder string, content []byte) (at string, stop func()) {
	builder, err := metainfo.NewBuilder(metainfo.Spec{
		Name: "words.txt", PieceLength: 16 << 10, Files: []metainfo.SpecFile{{Length: int64(len(content))}},
	})
	if err != nil {
		panic(err)
	}
	builder.PushPiece(sha1.Sum(content))
	raw := builder.Build()
	for name, bytes := range map[string][]byte{"my.torrent": raw, "words.txt": content} {
		if err := os.WriteFile(filepath.Join(folder, name), bytes, 0o666); err != nil {
			panic(err)
		}
	}
	meta, err := metainfo.Parse(raw)
	if err != nil {
		panic(err)
	}
	client, err := etorrent.New(ctx, etorrent.Options{Dir: folder, Listen: []string{"127.0.0.1:0"}})
	if err != nil {
		panic(err)
	}
	if _, err := client.Add(ctx, etorrent.FromMetainfo(meta), etorrent.ShareOnly()); err != nil {
		panic(err)
	}
	addrs, err := client.Listening(ctx)
	if err != nil {
		panic(err)
	}
	return addrs[0].String(), func() { _ = client.Close() }
}
