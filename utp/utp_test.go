package utp_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net"
	"testing"
)

func TestAnEchoComesBackWhole(t *testing.T) {
	for _, at := range [][2]string{{"udp4", "127.0.0.1"}, {"udp6", "::1"}, {"udp", ""}} {
		t.Run(at[0], func(t *testing.T) {
			if c, err := net.ListenPacket(at[0], net.JoinHostPort(at[1], "0")); err != nil {
				t.Skip(err)
			} else {
				_ = c.Close()
			}
			server, client := listen(t, at[0], net.JoinHostPort(at[1], "0")), listen(t, at[0], net.JoinHostPort(at[1], "0"))
			go func() {
				if c, err := server.Accept(); err == nil {
					_, _ = io.Copy(c, c)
					_ = c.Close()
				}
			}()
			_, port, _ := net.SplitHostPort(server.Addr().String())
			c, err := client.Dial(within(t), net.JoinHostPort(at[1], port)) // no host is this one
			if err != nil {
				t.Fatal(err)
			}
			data := stream(16 << 20)
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
