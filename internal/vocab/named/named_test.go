package named_test

import (
	"errors"
	"slices"
	"testing"

	"github.com/etorrent/etorrent/internal/vocab/named"
)

func TestAWayIsFoundByItsNameOrTheNamesAreTold(t *testing.T) {
	ways := named.Table[int]{What: "way", Ways: map[string]int{"b": 2, "a": 1}}
	if n, err := ways.Find("b"); n != 2 || err != nil {
		t.Errorf("%d, %v", n, err)
	}
	var unknown *named.UnknownError
	if _, err := ways.Find("c"); !errors.As(err, &unknown) || !slices.Equal(unknown.Known, []string{"a", "b"}) ||
		err.Error() != `no way is named "c": there are a, b` {
		t.Errorf("%v", err)
	}
}
