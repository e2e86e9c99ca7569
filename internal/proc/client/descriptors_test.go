package client

import "testing"

func TestDescriptorsAreDividedWithoutARest(t *testing.T) {
	for _, n := range []int{0, 1, 16, 32, 33, 48, 64, 96, 97, 256, 1024, 4096, 20_000, 1 << 20} {
		s := Divide(n)
		if s.Files < 1 || s.Strangers < 1 || s.Peers < 1 || s.Attempts < 1 {
			t.Errorf("%d: %+v", n, s)
		}
		if sum := s.Files + s.Strangers + s.Peers + s.Attempts + ownDescriptors; n >= 32 && sum > n {
			t.Errorf("%d: %+v are %d", n, s, sum)
		}
	}
	if s := Divide(1024); s.Peers < 400 || s.Files < 100 || s.Attempts != attemptsAtMost {
		t.Errorf("of the usual 1024: %+v", s)
	}
	if Descriptors() < 16 {
		t.Errorf("%d descriptors", Descriptors())
	}
}

func TestConnectionsAreBoundedByWhatIsAskedForAndByDescriptors(t *testing.T) {
	shares := Shares{Peers: 500}
	for _, c := range []struct{ asked, want Peers }{
		{Peers{}, Peers{500, 4000, 64}},
		{Peers{-1, -1, -1}, Peers{500, 4000, 64}},
		{Peers{20, 10, 1}, Peers{20, 10, 1}},
		{Peers{501, 4001, 9999}, Peers{500, 4000, 9999}},
	} {
		if got := c.asked.within(shares); got != c.want {
			t.Errorf("%+v: %+v", c.asked, got)
		}
	}
}
