package amount_test

import (
	"errors"
	"testing"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/internal/fuzzseed"
)

func FuzzAmount(f *testing.F) {
	fuzzseed.Add(f)
	for _, s := range []string{"0", "16K", "1.5MiB", "40mbit/s", "-1", "1e9G", "NaN", "99999999999999999999T"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		for _, parse := range []func(string) (int64, error){amount.ParseSize, amount.ParseRate} {
			n, err := parse(s)
			var bad *amount.Error
			if err != nil && (!errors.As(err, &bad) || bad.Text != s || n != 0) {
				t.Fatalf("%q: %d, %v", s, n, err)
			}
			if n < 0 {
				t.Fatalf("%q is %d", s, n)
			}
			if _, err := amount.ParseSize(amount.Size(n)); err != nil {
				t.Fatalf("%d is written %s: %v", n, amount.Size(n), err)
			}
			if amount.Rate(n) == "" || amount.Duration(time.Duration(n)) == "" || amount.Count(int(n), "file") == "" {
				t.Fatalf("%d is written as nothing", n)
			}
		}
	})
}
