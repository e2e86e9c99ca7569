package conn_test

import "testing"

// What the owner gives a connection for a window the remote hears with the next packet, and at
// once where it waits for room.
func TestAWindowMayBecomeAnother(t *testing.T) {
	for name, end := range ends {
		t.Run(name, func(t *testing.T) {
			cfg := config()
			cfg.Window = 10 * segment
			p := end(t, cfg)
			p.Resize(4 * segment)
			p.flush()
			p.look()
			if s := p.step(p.data(0, 0, segment)); len(s) != 1 || s[0].Window != 3*segment {
				t.Errorf("it tells %+v", s)
			}
			for n := 1; n < 4; n++ {
				p.step(p.data(n, 0, segment))
			}
			p.Resize(20 * segment)
			p.flush()
			if s := p.look(); len(s) != 1 || s[0].Window != 16*segment {
				t.Errorf("it tells %+v of a window that is open again", s)
			}
		})
	}
}
