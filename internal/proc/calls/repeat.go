package calls

import (
	"errors"

	"github.com/etorrent/etorrent/sup"
)

// repeats is how often a question is asked whose server goes down each time. A
// server that restarts is waited for, so that this many crashes in a row, or a
// server that is gone for good, end it.
const repeats = 4

// Repeat asks once, and again as long as the process that should answer goes
// down before it does. It is for questions that may be asked twice.
func Repeat(ask func() error) error {
	err := ask()
	for n := 1; n < repeats && isDown(err); n++ {
		err = ask()
	}
	return err
}

func isDown(err error) bool {
	var down *sup.DownError
	return errors.As(err, &down)
}
