package tracking

import (
	"net"
	"testing"

	"github.com/etorrent/etorrent/internal/leaf/crowd"
)

func TestAConnectionLeavesTheCrowdOnce(t *testing.T) {
	ln, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer ln.Close()
	d := &door{ln, crowd.New(2, 2)}
	var in []net.Conn
	for range 2 {
		if _, err := net.Dial("tcp", ln.Addr().String()); err != nil {
			t.Fatal(err)
		}
		c, err := d.Accept()
		if err != nil {
			t.Fatal(err)
		}
		in = append(in, c)
	}
	_ = in[0].Close()
	_ = in[0].Close()
	if room := d.crowd.Room(); room != 1 {
		t.Fatalf("room for %d", room)
	}
	for range 2 {
		if _, err := net.Dial("tcp", ln.Addr().String()); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.Accept(); err != nil {
		t.Fatal(err)
	}
	_ = ln.(*net.TCPListener).Close() // the one that finds no room is closed, and the next error ends it
	if _, err := d.Accept(); err == nil || d.crowd.Room() != 0 {
		t.Errorf("%v with room for %d", err, d.crowd.Room())
	}
	_ = in[1].Close()
}
