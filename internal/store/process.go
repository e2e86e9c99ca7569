package store

import (
	"context"
	"time"

	"github.com/etorrent/etorrent/sup"
)

// Service is the handle of the store process, the only user of a Driver. It
// outlives the process: the driver, with the rows and the holds, is the
// Service's, so that a crash of the process loses nothing. Its methods are those
// of Driver, as Calls: each waits for the answer and names its row in the table
// of Calls. Besides the driver's errors they return ctx's, and *sup.DownError
// where the process died before it answered: what was asked may then be done or
// not, and can just be asked again. KeepAnnounce alone does not wait.
type Service struct {
	driver  Driver
	port    *sup.Port[question, answer]
	keeping keeping
}

// NewService makes the handle of a process that uses d. Whoever opened d closes
// it, after the process has ended.
func NewService(d Driver) *Service {
	return &Service{driver: d, port: sup.NewPort[question, answer](), keeping: keeping{box: sup.NewMailbox[keep]()}}
}

// stopWithin lets a commit end that waits for another program.
const stopWithin = 10 * time.Second

// claimsAtOnce bounds the claims that share a transaction, and so how long other
// programs wait for it.
const claimsAtOnce = 256

// Child describes the store process.
func (s *Service) Child() sup.Child {
	return sup.Child{Name: "store", Restart: sup.Permanent, StopWithin: stopWithin, Run: s.run}
}

// run answers until it is asked to stop. What it is doing then it still ends.
func (s *Service) run(p *sup.Process) error {
	s.port.Serve(p)
	p.Watches(s.port)
	p.Watches(s.keeping.box)
	p.Ready()
	w := &worker{p: p, driver: s.driver, ctx: context.WithoutCancel(p.Context())}
	var batch []*request
	for {
		batch = s.port.Take(batch)
		w.keepAll(&s.keeping)
		w.answerAll(batch)
		clear(batch)
		select {
		case <-p.Stopping():
			w.keepAll(&s.keeping)
			return nil
		case <-s.port.Wake():
		case <-s.keeping.box.Wake():
		}
	}
}

type request = sup.Request[question, answer]

// worker is one incarnation of the store process.
type worker struct {
	p      *sup.Process
	driver Driver
	ctx    context.Context // does not end with the process
}

// answerAll answers in the order of asking. Claims that follow each other share
// a transaction.
func (w *worker) answerAll(batch []*request) {
	for len(batch) > 0 {
		n := together(batch)
		w.p.Receive(batch[0].Q.label())
		var answers []answer
		if n == 0 {
			n, answers = 1, []answer{w.answer(batch[0].Q)}
		} else {
			answers = w.claimAll(batch[:n])
		}
		w.p.Step("answered") // it is done, and nobody knows
		for i, a := range answers {
			w.report(a)
			w.p.Act("reply")
			batch[i].Reply(a)
		}
		batch = batch[n:]
	}
}

func (w *worker) answer(q question) answer {
	w.p.Step("ask the driver")
	return q.answer(w.ctx, w.driver)
}

// together is how many requests at the front are claims that fit in one
// transaction; 0 if the first is none.
func together(batch []*request) int {
	updates := 0
	for i, r := range batch {
		c, is := r.Q.(claimQuestion)
		updates += len(c.us)
		if !is || i > 0 && updates > claimsAtOnce {
			return i
		}
	}
	return len(batch)
}

// claimAll answers requests that are claims.
func (w *worker) claimAll(batch []*request) []answer {
	var all []ClaimUpdate
	for _, r := range batch {
		all = append(all, r.Q.(claimQuestion).us...)
	}
	errs := w.answer(claimQuestion{us: all}).errs
	answers := make([]answer, len(batch))
	for i, r := range batch {
		n := len(r.Q.(claimQuestion).us)
		answers[i].errs, errs = errs[:n:n], errs[n:]
	}
	return answers
}

// report shows in the tree whether the environment lets the store work.
func (w *worker) report(a answer) {
	for _, err := range append(a.errs, a.err) {
		switch err.(type) {
		case *DriverError, *CorruptError, *NewerSchemaError:
			w.p.Degraded(err)
			return
		}
	}
	w.p.Healthy()
}
