package main

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/jsonl"
	"github.com/etorrent/etorrent/tracker"
)

const (
	// totalsEvery is how often totals are told.
	totalsEvery = 5 * time.Second
	// folderEvery is how often the folder of what is allowed is looked at.
	folderEvery = 5 * time.Second
	// trackerStopWithin bounds the stop: answers under way.
	trackerStopWithin = 5 * time.Second
)

// trackerFlags are those of tracker.
type trackerFlags struct {
	listen   listensValue
	allow    string
	interval time.Duration
	output   outputFlags
}

func newTracker(s *session) *cobra.Command {
	f := trackerFlags{listen: listensValue{texts: []string{tracker.DefaultListen}}}
	c := &cobra.Command{
		Use:   "tracker",
		Short: "Run a small tracker over HTTP and UDP",
		Long: `Run a tracker over HTTP and UDP until stopped, and print its announce URLs. It
tracks whatever is announced; with --allow only torrents whose .torrent file lies
in FOLDER, which may change meanwhile. Nothing is stored: after a restart peers
announce again.`,
		Example: `  etorrent tracker --listen :6969
  etorrent tracker --listen 127.0.0.1:6969 --allow ~/torrents --interval 10m`,
		Args: arguments(0, 0, ""),
		RunE: func(*cobra.Command, []string) error {
			s.out = newOutput(s.host, f.output)
			return runTracker(s, &f)
		},
	}
	flags := c.Flags()
	flags.Var(&f.listen, "listen", "where to answer HTTP and UDP; port 0 is any (repeatable)")
	flags.StringVar(&f.allow, "allow", "", "folder of .torrent files: others are refused")
	spanVar(flags, &f.interval, "interval", tracker.DefaultInterval, "how long peers wait between two announces")
	flags.BoolVar(&f.output.json, "json", false, "tell programs: one JSON object a line on stdout")
	flags.BoolVarP(&f.output.quiet, "quiet", "q", false, "tell people of errors only")
	flags.BoolVar(&f.output.plain, "plain", false, "plain lines also on a terminal")
	return c
}

func runTracker(s *session, f *trackerFlags) error {
	if f.interval < tracker.MinInterval || f.interval > tracker.MaxInterval {
		return usageError("--interval %v is not between %v and %v", f.interval, tracker.MinInterval, tracker.MaxInterval)
	}
	o := tracker.Options{Listen: f.listen.texts, Interval: f.interval, Logger: slog.New(slog.NewTextHandler(s.host.stderr, nil))}
	var folder *allowFolder
	if f.allow != "" {
		folder = newAllowFolder(f.allow)
		if err := folder.read(s.out); err != nil {
			return failed(exitSource, "%s: %w", f.allow, reasonOf(err))
		}
		o.Allow = tracker.Only(folder.hashes())
	}
	outliveReaders()
	t, err := tracker.New(s.ctx, o)
	var refused *tracker.ListenError
	switch {
	case errors.As(err, &refused):
		return failed(exitListen, "%w", err)
	case err != nil:
		return err
	}
	err = watchTracker(s, t, folder)
	ctx, cancel := context.WithTimeout(context.Background(), trackerStopWithin)
	defer cancel()
	_ = t.Shutdown(ctx) // peers announce again: nothing is lost by an unclean end
	last := t.Totals()
	s.out.tell(totalsOf(last))
	s.out.people.eraseFrame()
	s.out.people.note("%s", lineOf(last))
	return err
}

// watchTracker tells how the tracker stands, and what it is to allow, until it ends
// or is to end.
func watchTracker(s *session, t *tracker.Tracker, folder *allowFolder) error {
	urls := t.URLs()
	s.out.tell(&jsonl.Listening{Addresses: texts(t.Addrs()), Announce: urls})
	for _, url := range urls {
		s.out.people.note("announce URL: %s", url)
	}
	if folder != nil {
		s.out.people.note("%s allowed by %s", amount.Count(len(folder.hashes()), "torrent"), folder.path)
	}
	totals, looks := time.NewTicker(totalsEvery), time.NewTicker(folderEvery)
	defer totals.Stop()
	defer looks.Stop()
	for {
		select {
		case <-s.ctx.Done():
			return context.Cause(s.ctx)
		case <-t.Done():
			return t.Err()
		case <-totals.C:
			now := t.Totals()
			s.out.tell(totalsOf(now))
			s.out.people.standing(lineOf(now))
		case <-looks.C:
			if folder != nil {
				folder.follow(s.out, t)
			}
		}
	}
}

// refusedOf is how many requests were refused.
func refusedOf(n tracker.Totals) uint64 { return n.Unlisted + n.Full + n.TooOften + n.Malformed }

// totalsOf is how a tracker stands for programs, lineOf for people.
func totalsOf(n tracker.Totals) *jsonl.Totals {
	return &jsonl.Totals{
		Swarms: n.Torrents, Seeders: n.Seeders, Leechers: n.Leechers, Announces: n.Announces, Scrapes: n.Scrapes, Completed: n.Completed,
		Refused: refusedOf(n), Unlisted: n.Unlisted, Full: n.Full, TooOften: n.TooOften, Malformed: n.Malformed,
	}
}

func lineOf(n tracker.Totals) string {
	return fmt.Sprintf("%s, %s, %s; %s, %d completed, %d refused",
		amount.Count(n.Torrents, "torrent"), amount.Count(n.Seeders, "seeder"), amount.Count(n.Leechers, "leecher"),
		amount.Count(int(n.Announces), "announce"), n.Completed, refusedOf(n))
}

// listensValue are places to listen at.
type listensValue struct {
	texts []string
	given givenState
}

// givenState says whether a list is still its default.
type givenState uint8

const (
	notGiven givenState = iota
	given
)

func (v *listensValue) String() string { return strings.Join(v.texts, ",") }
func (v *listensValue) Type() string   { return "HOST:PORT" }
func (v *listensValue) Set(s string) error {
	if v.given == notGiven {
		v.texts, v.given = nil, given
	}
	for part := range strings.SplitSeq(s, ",") {
		var one listenValue
		if err := one.Set(strings.TrimSpace(part)); err != nil {
			return err
		}
		v.texts = append(v.texts, one.text)
	}
	return nil
}
