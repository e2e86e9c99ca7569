package utp_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"io"
	"math/rand/v2"
	"net"
	"testing"
	"time"

	"github.com/etorrent/etorrent/utp"
)

func listen(t *testing.T, network, address string, o ...utp.Option) *utp.Socket {
	t.Helper()
	s, err := utp.Listen(t.Context(), network, address, o...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := s.Close(); err != nil {
			t.Error(err)
		}
	})
	return s
}

func TestAnEchoComesBackWhole(t *testing.T) {
	for _, at := range [][2]string{{"udp4", "127.0.0.1:0"}, {"udp6", "[::1]:0"}, {"udp", ":0"}} {
		t.Run(at[0], func(t *testing.T) {
			server, client := listen(t, at[0], at[1]), listen(t, at[0], at[1])
			go func() {
				c, err := server.Accept()
				if err != nil {
					return
				}
				_, _ = io.Copy(c, c)
				_ = c.Close()
			}()
			ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
			defer cancel()
			_, port, _ := net.SplitHostPort(server.Addr().String())
			host, _, _ := net.SplitHostPort(at[1])
			if host == "" {
				host = "127.0.0.1"
			}
			c, err := client.Dial(ctx, net.JoinHostPort(host, port))
			if err != nil {
				t.Fatal(err)
			}
			data := make([]byte, 16<<20)
			rand.NewChaCha8([32]byte{1}).Read(data)
			go func() {
				_, _ = c.Write(data)
				_ = c.CloseWrite()
			}()
			sum := sha256.New()
			n, err := io.Copy(sum, c)
			if want := sha256.Sum256(data); err != nil || n != int64(len(data)) || !bytes.Equal(sum.Sum(nil), want[:]) {
				t.Errorf("%d bytes came back, %v; %+v", n, err, c.Status())
			}
			_ = c.Close()
		})
	}
}
