package endpoint_test

import (
	"errors"
	"net/netip"
	"strings"
	"testing"

	"github.com/etorrent/etorrent/internal/fuzzseed"
	"github.com/etorrent/etorrent/internal/vocab/endpoint"
)

func TestAnEndpointIsAnAddressOrANameWithAPort(t *testing.T) {
	for text, want := range map[string]endpoint.Endpoint{
		"192.0.2.1:80":          endpoint.Address(netip.MustParseAddrPort("192.0.2.1:80")),
		"[2001:db8::1]:65535":   endpoint.Address(netip.MustParseAddrPort("[2001:db8::1]:65535")),
		"[fe80::1%eth0]:1":      endpoint.Address(netip.MustParseAddrPort("[fe80::1%eth0]:1")),
		"localhost:0":           endpoint.Name{Host: "localhost"},
		"seed.example.org:6881": endpoint.Name{Host: "seed.example.org", Port: 6881},
		"seed.example.org.:1":   endpoint.Name{Host: "seed.example.org.", Port: 1},
		"my_host-2:1":           endpoint.Name{Host: "my_host-2", Port: 1},
		"münchen.example:1":     endpoint.Name{Host: "münchen.example", Port: 1},
	} {
		got, err := endpoint.Parse(text)
		if err != nil || got != want || got.String() != text {
			t.Errorf("%s: %v, %v", text, got, err)
		}
	}
}

func TestWhatIsNoEndpointIsRefusedByItsText(t *testing.T) {
	for _, text := range []string{
		"", ":1", "host", "host:", "host:x", "host:65536", "host:-1", "host:+1", "a b:1", "a/b:1", "..:1", "a..b:1", "2001:db8::1:80",
		"[::1]", "1.2.3:4", "256.1.1.1:80", "host.1:80", "[host]:1", "a\x1b:1", strings.Repeat("a.", 127) + "aa:1",
	} {
		got, err := endpoint.Parse(text)
		var bad *endpoint.Error
		if !errors.As(err, &bad) || bad.Text != text {
			t.Errorf("%q: %v, %v", text, got, err)
		}
	}
}

// What is read tells itself in words that mean the same, and a name has nothing
// that a resolver or a terminal could take for more.
func FuzzEndpoint(f *testing.F) {
	fuzzseed.Add(f)
	for _, text := range []string{"192.0.2.1:80", "[::ffff:192.0.2.1]:1", "[fe80::1%eth0]:1", "seed.example.org:6881", "a..b:1", "1.2.3:4", ":"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		got, err := endpoint.Parse(text)
		if err != nil {
			var bad *endpoint.Error
			if !errors.As(err, &bad) || bad.Text != text {
				t.Fatalf("%q: %v", text, err)
			}
			return
		}
		if again, err := endpoint.Parse(got.String()); err != nil || again != got {
			t.Fatalf("%q is %v, and that %v, %v", text, got, again, err)
		}
		if n, is := got.(endpoint.Name); is && (n.Host == "" || len(n.Host) > 253 || strings.ContainsAny(n.Host, "/:@ \x1b\x00")) {
			t.Fatalf("%q names the host %q", text, n.Host)
		}
	})
}
