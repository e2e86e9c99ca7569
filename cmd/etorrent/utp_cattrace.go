package main

import (
	"errors"
	"os"
	"time"

	"github.com/etorrent/etorrent/utp"
)

// traceEvery is how often a connection is looked at for its trace.
const traceEvery = 100 * time.Millisecond

// traceFile is where the trace of a connection goes; of nil there is none.
type traceFile struct {
	name string
	file *os.File
}

func openTrace(name string) (*traceFile, error) {
	if name == "" {
		return nil, nil
	}
	file, err := os.Create(name)
	if err != nil {
		return nil, failed(exitDisk, "%w", err)
	}
	return &traceFile{name, file}, nil
}

// options are those of a socket that writes the trace.
func (t *traceFile) options() []utp.Option {
	if t == nil {
		return nil
	}
	return []utp.Option{utp.Trace(t.file, traceEvery)}
}

// close ends the file after the socket. That it could not be written counts where nothing
// else went wrong.
func (t *traceFile) close(err error) error {
	if t == nil {
		return err
	}
	closed := t.file.Close()
	var fault *utp.TraceError
	switch {
	case errors.As(err, &fault):
		return failed(exitDisk, "%s: %w", t.name, reasonOf(fault.Err))
	case err == nil && closed != nil:
		return failed(exitDisk, "%s: %w", t.name, reasonOf(closed))
	}
	return err
}
