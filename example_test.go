package etorrent_test

import (
	"context"
	"net/netip"
	"os"

	"github.com/etorrent/etorrent"
)

// The twelve lines that fetch a torrent from a peer whose address is known.
func Example() {
	fetch := func(ctx context.Context) error {
		client, err := etorrent.New(ctx, etorrent.Options{Dir: "downloads"})
		if err != nil {
			return err
		}
		defer client.Close()
		file, err := os.Open("my.torrent")
		if err != nil {
			return err
		}
		peer := etorrent.WithPeers(netip.MustParseAddrPort("127.0.0.1:1729"))
		torrent, err := client.Add(ctx, etorrent.FromReader(file), peer)
		if err != nil {
			return err
		}
		return torrent.Wait(ctx, etorrent.DataStored)
	}
	_ = fetch
}
