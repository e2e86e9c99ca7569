package torrent

import "testing"

func TestTheDiskIsAskedOnceForAllWhoJoinAnewUntilItAnswers(t *testing.T) {
	var q inquiry
	expect := func(next, deepest doubt) {
		t.Helper()
		if got := q.next(); got != next || q.deepest() != deepest {
			t.Fatalf("next %d, deepest %d; want %d, %d", got, q.deepest(), next, deepest)
		}
	}
	expect(noDoubt, noDoubt)
	for range MaxPeers {
		q.raise(deepDoubt)
	}
	expect(deepDoubt, deepDoubt)
	q.raise(someDoubt)
	expect(noDoubt, deepDoubt)
	q.answered()
	expect(someDoubt, someDoubt)
	q.raise(deepDoubt)
	expect(noDoubt, deepDoubt)
	q.answered()
	expect(deepDoubt, deepDoubt)
	q.answered()
	expect(noDoubt, noDoubt)
}
