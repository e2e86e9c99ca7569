package sup

import (
	"runtime"
)

// This file has the only go statements and the only recovers of the package.

// stackLimit bounds the stack that a panic leaves behind, in bytes.
const stackLimit = 16 << 10

// killSignal is what Receive and Go panic with in a process that was killed.
type killSignal struct{}

// role says what the end of a goroutine means for its process.
type role int

const (
	bodyRole   role = iota // its end is the end of the process
	linkedRole             // only its failure is
)

// ending says how a goroutine ended: exactly one of the following.
//
//sumtype:decl
type ending interface{ goroutineEnding() }

type (
	returned struct{ err error }
	panicked struct {
		value any
		stack []byte
	}
	killedAtReceive struct{}
)

func (returned) goroutineEnding()        {}
func (panicked) goroutineEnding()        {}
func (killedAtReceive) goroutineEnding() {}

// launch runs f on a goroutine of the process's group. The caller has entered
// it in the group.
func (p *Process) launch(name string, r role, f func() error) {
	go func() {
		defer p.leave(name)
		guard(f, func(e ending) { p.conclude(r, e) })
	}()
}

// launchSupervisor runs a supervisor's loop. A panic in it is a bug of this
// package or of an Observe function and is not recovered: nobody would be left
// to stop the children.
func (p *Process) launchSupervisor(f func() error) {
	go func() {
		p.conclude(bodyRole, returned{err: f()})
		p.leave(bodyName)
	}()
}

// guard runs f and tells then how it ended, on the same goroutine, also after
// runtime.Goexit.
func guard(f func() error, then func(ending)) {
	var end ending = returned{err: ErrGoexit}
	finished := false
	defer func() {
		if !finished {
			if v := recover(); v != nil {
				end = seen(v)
			}
		}
		then(end)
	}()
	end = returned{err: f()}
	finished = true
}

// guard runs a step of a cell and returns the panic that it ended in, nil if none.
// What ends the process goes on.
func (c *Cell) guard(f func()) (died *panicked) {
	finished := false
	defer func() {
		if finished {
			return
		}
		v := recover()
		switch e := seen(v).(type) {
		case panicked:
			died = &e // after runtime.Goexit nobody hears of it
		case killedAtReceive, returned:
			panic(v)
		}
	}()
	c.passHook()
	f()
	finished = true
	return nil
}

// seen turns a recovered value into an ending, with the stack of the panic.
func seen(v any) ending {
	if _, ours := v.(killSignal); ours {
		return killedAtReceive{}
	}
	buf := make([]byte, stackLimit)
	stack := buf[:runtime.Stack(buf, false)]
	return panicked{value: v, stack: append([]byte(nil), stack...)}
}
