package utp_test

import (
	"bytes"
	"crypto/sha256"
	"io"
	"net"
	"runtime"
	"testing"
)

func TestAnEchoComesBackWhole(t *testing.T) {
	size := 16 << 20
	if testing.Short() {
		size = 1 << 20
	}
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
			data := stream(size)
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

// A host has many addresses: what answers leaves from the one that was asked, and one socket
// has both families.
func TestASocketOfEveryAddressAnswersFromTheOneThatWasAsked(t *testing.T) {
	if runtime.GOOS != "linux" {
		t.Skip("only Linux says which address was asked, and has all of 127/8")
	}
	to, from := listen(t, "udp", ":0"), listen(t, "udp", ":0")
	_, port, _ := net.SplitHostPort(to.Addr().String())
	hosts := []string{"127.0.0.1", "127.0.0.7", "127.9.9.9"}
	if c, err := net.ListenPacket("udp6", "[::1]:0"); err == nil {
		_ = c.Close()
		hosts = append(hosts, "::1")
	}
	for _, host := range hosts {
		at := net.JoinHostPort(host, port)
		dialled, err := from.Dial(within(t), at)
		if err != nil {
			t.Fatal(err)
		}
		accepted, err := to.AcceptContext(within(t))
		if err != nil {
			t.Fatal(err)
		}
		if got := accepted.LocalAddr().String(); got != at {
			t.Errorf("asked at %s, it is said at %s", at, got)
		}
		writes(t, dialled, []byte("question"))
		reads(t, accepted, []byte("question"))
		writes(t, accepted, []byte("answer"))
		reads(t, dialled, []byte("answer"))
		_, _ = dialled.Close(), accepted.Close()
	}
}
