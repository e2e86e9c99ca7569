package calls_test

import (
	"errors"
	"fmt"
	"testing"

	"github.com/etorrent/etorrent/internal/proc/calls"
	"github.com/etorrent/etorrent/sup"
)

func TestRepeatAsksAgainOnlyWhereTheServerWentDown(t *testing.T) {
	down, other := fmt.Errorf("asking: %w", &sup.DownError{Call: "x", Exit: sup.Stopped{}}), errors.New("no")
	for _, tc := range []struct {
		answers []error
		asked   int
		want    error
	}{
		{[]error{nil}, 1, nil},
		{[]error{other, nil}, 1, other},
		{[]error{down, nil}, 2, nil},
		{[]error{down, down, other}, 3, other},
		{[]error{down, down, down, down, down, down, down, down}, 4, down},
	} {
		asked := 0
		err := calls.Repeat(func() error {
			asked++
			return tc.answers[asked-1]
		})
		if !errors.Is(err, tc.want) || asked != tc.asked {
			t.Errorf("%v: asked %d times, %v", tc.answers, asked, err)
		}
	}
}
