// Package control lets programs of one person look at each other: each has a local
// socket in its state folder, at which it tells its tree of processes and kills one
// of them when asked to. Nothing listens on the network, and whoever may not read the
// state folder cannot connect.
//
// What goes over the socket is JSON, one object a line: a Request, and an Answer to
// it. Sizes, times and the number of guests are bounded, so that no guest costs the
// program more than these.
package control

import (
	"context"
	"path/filepath"
	"time"

	"github.com/etorrent/etorrent/sup"
)

const (
	// guestsAtOnce is how many connections are served; others are told to come later.
	guestsAtOnce = 8
	// longestRequest is the most bytes of a request, its end included.
	longestRequest = 4 << 10
	// processesShown is how many processes and cells of a tree are told.
	processesShown = 5_000
	// longestText is the most bytes that are told of an error or another text.
	longestText = 300
)

// patience is how long things may take.
type patience struct {
	ask    time.Duration // from one request to the end of the next
	answer time.Duration // until an answer was read
	look   time.Duration // from one look whether the socket is there to the next
	retry  time.Duration // until a socket that failed is opened anew, doubling
}

var usualPatience = patience{ask: 15 * time.Second, answer: 5 * time.Second, look: 10 * time.Second, retry: time.Second}

const longestRetry = time.Minute

// Config is what a server tells, and how.
type Config struct {
	Folder  string // the state folder, which is there
	PID     int
	Version string
	Command string // that was typed, without secrets
	Tree    func() sup.Snapshot
	Kill    func(path string) error
	// Observe is told of crashes of the server; nil: nobody is.
	Observe func(sup.Report)
}

// Server is the socket of this program.
type Server struct {
	cfg      Config
	patience patience
	tree     *sup.Tree
	guests   *sup.Pool
	seats    chan struct{} // holds one for each guest
	first    chan error    // how the first attempt to open the socket went
}

// Start starts a server, as a tree of processes of its own. It does not need the
// socket to be opened: see Opening.
func Start(ctx context.Context, cfg Config) (*Server, error) {
	return start(ctx, cfg, usualPatience)
}

func start(ctx context.Context, cfg Config, pa patience) (*Server, error) {
	s := &Server{
		cfg: cfg, patience: pa, guests: sup.NewPool(),
		seats: make(chan struct{}, guestsAtOnce), first: make(chan error, 1),
	}
	spec := sup.Supervisor{
		Strategy: sup.OneForOne, Intensity: sup.Intensity{Restarts: 20, Within: time.Minute},
		Children: []sup.Child{
			{Name: "guests", Supervisor: &sup.Supervisor{Strategy: sup.Dynamic, Pool: s.guests}},
			{Name: "door", Run: s.door},
		},
	}
	tree, err := sup.Start(ctx, "control", spec, sup.Options{Observe: cfg.Observe})
	if err != nil {
		return nil, err
	}
	s.tree = tree
	return s, nil
}

// Opening waits for the first attempt to open the socket, and says why it failed. It
// is tried again by itself. It may be called once.
func (s *Server) Opening(ctx context.Context) error {
	select {
	case err := <-s.first:
		return err
	case <-ctx.Done():
		return ctx.Err()
	case <-s.tree.Done():
		return s.tree.Err()
	}
}

// Stop closes the socket and removes it.
func (s *Server) Stop(ctx context.Context) error { return s.tree.Stop(ctx) }

// folderOf is where the sockets of a state folder lie.
func folderOf(state string) string { return filepath.Join(state, "control") }
