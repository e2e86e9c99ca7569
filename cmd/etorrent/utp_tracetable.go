package main

import (
	"errors"
	"fmt"
	"io"
	"text/tabwriter"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/utpplot"
	"github.com/etorrent/etorrent/internal/vocab/text"
)

// tellTrace prints the table of a trace, and makes its picture.
func tellTrace(s *session, t *utpplot.Trace, picture *textFile) error {
	if err := drawInto(picture, t); err != nil {
		return err
	}
	return tellTraceTable(s.host.stdout, t)
}

// drawInto makes the picture, if one is asked for.
func drawInto(picture *textFile, t *utpplot.Trace) error {
	if picture.file == nil {
		return nil
	}
	if err := errors.Join(t.Picture(picture), picture.Close()); err != nil {
		return failed(exitDisk, "%s: %w", picture.file.Name(), reasonOf(err))
	}
	return nil
}

// tellTraceTable prints what each flow gets, how long packets wait, and what is lost.
func tellTraceTable(to io.Writer, t *utpplot.Trace) error {
	sum := t.Summarize()
	if t.Title != "" {
		_, _ = fmt.Fprintln(to, t.Title)
	}
	table := tabwriter.NewWriter(to, 0, 0, 2, ' ', tabwriter.AlignRight)
	_, _ = fmt.Fprintln(table, "flow\tcontrol\tbegan\trate\tshare\tdelay\t95 %\tlost\ttimeouts\t")
	for i, f := range t.Flows {
		x := &sum.Flows[i]
		_, _ = fmt.Fprintf(table, "%s\t%s\t%s\t%s\t%.1f %%\t%s\t%s\t%d\t%d\t\n", nameOr(f), text.Printable(f.Control), amount.Duration(f.Begin),
			bits(x.Rate), 100*x.Share, waited(x.Delay, x.Delay.Mean), waited(x.Delay, x.Delay.Most95), x.Lost, x.Timeouts)
	}
	if err := table.Flush(); err != nil {
		return err
	}
	if t.Link != nil {
		_, _ = fmt.Fprintf(to, "queue of the link: %s in the mean, 95 %% below %s; %s dropped by it, %d lost by accident\n",
			waited(sum.Link, sum.Link.Mean), waited(sum.Link, sum.Link.Most95), amount.Count(t.Link.Dropped, "packet"), t.Link.Lost)
	}
	for _, f := range t.Flows {
		if f.Gaps > 0 {
			_, _ = fmt.Fprintf(to, "%s: %s missing\n", nameOr(f), amount.Count(f.Gaps, "line"))
		}
	}
	_, err := fmt.Fprintf(to, "Jain's index %.3f; rates, shares and delays from %s to %s\n", sum.Jain, amount.Duration(sum.From), amount.Duration(sum.Until))
	return err
}

func nameOr(f *utpplot.Flow) string {
	if f.Name == "" {
		return fmt.Sprint(f.Number)
	}
	return text.Printable(f.Name)
}

// waited is a time in a queue, where it is known.
func waited(w utpplot.Waits, d time.Duration) string {
	if w.Known == utpplot.Unknown {
		return "-"
	}
	return fmt.Sprintf("%.0f ms", d.Seconds()*1000)
}
