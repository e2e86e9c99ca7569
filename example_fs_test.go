package etorrent_test

import (
	"context"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/etorrent/etorrent"
)

// fetching is a client that fetches words.txt from another, and how to stop both.
func fetching(ctx context.Context) (client *etorrent.Client, torrent *etorrent.Torrent, stop func()) {
	folder, err := os.MkdirTemp("", "etorrent")
	if err != nil {
		panic(err)
	}
	peer, end := share(ctx, folder, []byte("a file of a few words"))
	client, err = etorrent.New(ctx, etorrent.Options{Dir: filepath.Join(folder, "downloads")})
	if err != nil {
		panic(err)
	}
	torrent, err = client.Add(ctx, etorrent.FromFile(filepath.Join(folder, "my.torrent")), etorrent.WithPeerNames(peer))
	if err != nil {
		panic(err)
	}
	return client, torrent, func() {
		_ = client.Close()
		end()
		_ = os.RemoveAll(folder)
	}
}

// A torrent is an fs.FS while it is fetched.
func ExampleTorrent_FS() {
	ctx := context.Background()
	_, torrent, stop := fetching(ctx)
	defer stop()
	text, err := fs.ReadFile(torrent.FS(ctx), "words.txt")
	fmt.Printf("%s, %v\n", text, err)
	// Output: a file of a few words, <nil>
}

// A torrent is served over HTTP while it is fetched.
func ExampleTorrent_Handler() {
	ctx := context.Background()
	_, torrent, stop := fetching(ctx)
	defer stop()
	server := httptest.NewServer(http.StripPrefix("/films", torrent.Handler()))
	defer server.Close()
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL+"/films/words.txt", nil)
	if err != nil {
		panic(err)
	}
	request.Header.Set("Range", "bytes=7-")
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		panic(err)
	}
	defer answer.Body.Close()
	text, err := io.ReadAll(answer.Body)
	fmt.Printf("%s: %s, %v\n", answer.Status, text, err)
	// Output: 206 Partial Content: of a few words, <nil>
}

// Events tell what became of a torrent; whoever reads them slowly is told so, and holds
// nobody up.
func ExampleClient_Events() {
	ctx := context.Background()
	client, _, stop := fetching(ctx)
	defer stop()
	for e, err := range client.Events(ctx, 0) {
		if err != nil {
			panic(err) // a *LaggedError
		}
		switch e := e.(type) {
		case etorrent.FileStoredEvent:
			fmt.Println(e.Path, e.Size)
		case etorrent.CompletedEvent:
			fmt.Println("complete")
			return
		}
	}
	// Output:
	// words.txt 21
	// complete
}

// Several clients live in one program, each with a folder and a port of its own.
func ExampleNew() {
	ctx := context.Background()
	first, _, stop := fetching(ctx)
	defer stop()
	second, err := etorrent.New(ctx, etorrent.Options{Dir: os.TempDir(), Listen: []string{"127.0.0.1:0"}})
	if err != nil {
		panic(err)
	}
	fmt.Println(second.Shutdown(ctx), second.Err(), first.Err())
	// Output: <nil> <nil> <nil>
}
