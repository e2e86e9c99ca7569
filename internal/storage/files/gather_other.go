//go:build !linux

package files

import "os"

// gather writes spans one behind the other to a file from off on.
func gather(f *os.File, spans [][]byte, off int64) (int, error) {
	done := 0
	for _, p := range spans {
		n, err := f.WriteAt(p, off+int64(done))
		done += n
		if err != nil {
			return done, err
		}
	}
	return done, nil
}
