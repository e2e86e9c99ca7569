package transport_test

import (
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/transport"
)

func TestAPolicyPermitsWhatItIsCalled(t *testing.T) {
	for _, p := range transport.Policies {
		for _, one := range transport.All {
			want := transport.Forbidden
			if p == transport.Any || p.String() == one.String() {
				want = transport.Permitted
			}
			if got := p.View(one); got != want {
				t.Errorf("%v, %v: %v", p, one, got)
			}
		}
	}
}
