package utp_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"time"

	"github.com/etorrent/etorrent/utp"
)

// One socket accepts a connection, another makes it.
func Example() {
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	server, err := utp.Listen(ctx, "udp", "127.0.0.1:0")
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	go func() {
		c, err := server.Accept()
		if err != nil {
			return
		}
		defer c.Close()
		name, err := io.ReadAll(c)
		if err == nil {
			fmt.Fprintf(c, "Hello, %s!", name)
		}
	}()

	c, err := utp.Dial(ctx, "udp", server.Addr().String())
	if err != nil {
		log.Fatal(err)
	}
	defer c.Close()
	fmt.Fprint(c, "world")
	if err := c.CloseWrite(); err != nil {
		log.Fatal(err)
	}
	answer, err := io.ReadAll(c)
	fmt.Printf("%s %v\n", answer, err)
	// Output: Hello, world! <nil>
}
