package transport_test

import (
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/transport"
)

func TestWhatWorkedLastComesFirstUnlessItFailsAgainAndAgain(t *testing.T) {
	const tcp, utp = transport.TCP, transport.UTP
	type fact struct {
		over transport.Transport
		note func(*transport.Record, transport.Transport)
	}
	worked := func(t transport.Transport) fact { return fact{t, (*transport.Record).Worked} }
	failed := func(t transport.Transport) fact { return fact{t, (*transport.Record).Failed} }
	for _, c := range []struct {
		name  string
		facts []fact
		first transport.Transport
	}{
		{"nothing is known", nil, utp},
		{"the usual one worked", []fact{worked(utp)}, utp},
		{"the other one worked", []fact{worked(tcp)}, tcp},
		{"both worked, the other one last", []fact{worked(utp), worked(tcp)}, tcp},
		{"both worked, the usual one last", []fact{worked(tcp), worked(utp)}, utp},
		{"it failed twice", []fact{failed(utp), failed(utp)}, utp},
		{"it failed three times", []fact{failed(utp), failed(utp), failed(utp)}, tcp},
		{"both failed alike", []fact{failed(utp), failed(tcp), failed(utp), failed(tcp), failed(utp), failed(tcp), failed(utp)}, utp},
		{"it failed three times since it worked", []fact{worked(tcp), failed(tcp), failed(tcp), failed(tcp)}, utp},
		{"it worked again", []fact{failed(utp), failed(utp), worked(utp), failed(utp), failed(utp)}, utp},
	} {
		var r transport.Record
		for _, f := range c.facts {
			f.note(&r, f.over)
		}
		got := r.Order(utp, tcp)
		if got[0] != c.first || got[0] == got[1] {
			t.Errorf("%s: %v", c.name, got)
		}
	}
}
