package main

import (
	"encoding/json"
	"io"
	"os"
)

// recordFile has what the program writes to standard output kept, write by write.
const recordFile = "ETORRENT_TEST_RECORD"

// keepWrites keeps them, where the environment names a file for that.
func keepWrites(h *host) {
	path := os.Getenv(recordFile)
	if path == "" {
		return
	}
	f, err := os.Create(path)
	if err != nil {
		panic(err)
	}
	h.stdout.Writer = record{h.stdout.Writer, f}
}

// record is a writer that keeps what each call wrote, a line of JSON each.
type record struct {
	io.Writer
	kept io.Writer
}

func (r record) Write(p []byte) (int, error) {
	line, err := json.Marshal(p)
	if err == nil {
		_, err = r.kept.Write(append(line, '\n'))
	}
	if err != nil {
		return 0, err
	}
	return r.Writer.Write(p)
}
