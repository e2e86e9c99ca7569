// Package screen draws what a client does for people: bars on a terminal, plain
// lines in a pipe. It is pure: a state and a style give lines.
package screen

import (
	"fmt"
	"strings"
	"time"

	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/internal/vocab/pieceset"
	"github.com/etorrent/etorrent/internal/vocab/text"
)

// Status says what a torrent is doing.
type Status uint8

// The statuses.
const (
	Opening Status = iota
	Checking
	Fetching
	Sharing
	Paused
	Refused
)

// String names the status.
func (s Status) String() string {
	return [...]string{"opening", "checking", "fetching", "sharing", "paused", "refused"}[s]
}

// Torrent is one torrent as it is shown. Sizes are in bytes, rates in bytes a
// second.
type Torrent struct {
	Name             string // raw
	Status           Status
	Why              string // of Paused and Refused
	Wanted, Stored   int64
	Down, Up         int64
	Peers, Known     int
	OverUTP          int           // of Peers
	Left             time.Duration // until all is stored; 0 is unknown
	Pieces, Durable  int
	Bad              int
	Checked, ToCheck int
	Map              *pieceset.Set // the pieces that are stored; nil is unknown
}

// State is all that is shown. Port is 0 while there is none.
type State struct {
	Torrents []Torrent
	Trackers Trackers
	Port     uint16
}

// Trackers are those of all torrents, and how many of them answered the last time.
type Trackers struct{ All, Working int }

// Color says whether lines may carry colours.
type Color uint8

// The choices.
const (
	Monochrome Color = iota
	Colored
)

// Style says what the terminal is like.
type Style struct {
	Width, Height int
	Color         Color
}

// Render returns the lines of a frame, none of them wider than the terminal and
// not more of them than it has: one for each torrent and one for all.
func Render(s State, st Style) []string {
	width := max(st.Width-1, 10) // a full line would wrap
	room := max(st.Height-2, 1)
	shown := s.Torrents
	if len(shown) > room {
		shown = shown[:room-1]
	}
	var lines []string
	grid := layOut(s.Torrents, width)
	for _, t := range shown {
		lines = append(lines, paint(grid.line(t), colorOf(t.Status), st.Color))
	}
	if hidden := len(s.Torrents) - len(shown); hidden > 0 {
		lines = append(lines, cut(fmt.Sprintf("and %d more", hidden), width))
	}
	return append(lines, summary(s, width, st.Color))
}

// summary is the line below the torrents.
func summary(s State, width int, c Color) string {
	stored, pieces, bad := 0, 0, 0
	for _, t := range s.Torrents {
		stored, pieces, bad = stored+t.Durable, pieces+t.Pieces, bad+t.Bad
	}
	text := fmt.Sprintf("  %s stored, %d bad", amount.Of(stored, pieces, "piece"), bad)
	if s.Trackers.All > 0 {
		text += ", " + answer(s.Trackers)
	}
	if s.Port != 0 {
		text += fmt.Sprintf(", port %d", s.Port)
	}
	text = cut(text, width)
	text += pieceMap(s, width-columns(text))
	if bad > 0 {
		return paint(text, red, c)
	}
	return paint(text, dim, c)
}

// answer says how many trackers do.
func answer(t Trackers) string {
	of := amount.Of(t.Working, t.All, "tracker")
	if t.All == 1 {
		return of + " answers"
	}
	return of + " answer"
}

// Plain is the line of a torrent in a pipe, without its name's dangers.
func Plain(t Torrent) string {
	parts := []string{t.Status.String()}
	switch t.Status {
	case Opening:
	case Checking:
		parts = append(parts, amount.Of(t.Checked, t.ToCheck, "piece")+" checked")
	case Fetching:
		parts = append(parts, percent(t.Stored, t.Wanted), done(t), "down "+amount.Rate(t.Down), "up "+amount.Rate(t.Up), allPeers(t))
		if t.Left > 0 {
			parts = append(parts, amount.Duration(t.Left)+" left")
		}
		parts = append(parts, pieces(t))
	case Sharing:
		parts = append(parts, done(t), "up "+amount.Rate(t.Up), allPeers(t), pieces(t))
	case Paused, Refused:
		parts = append(parts, text.Printable(t.Why))
	}
	return text.Printable(t.Name) + ": " + strings.Join(parts, ", ")
}

func pieces(t Torrent) string {
	return fmt.Sprintf("%s stored, %d bad", amount.Of(t.Durable, t.Pieces, "piece"), t.Bad)
}

func done(t Torrent) string { return amount.Size(t.Stored) + " of " + amount.Size(t.Wanted) }

func peers(t Torrent) string { return amount.Of(t.Peers, t.Known, "peer") }

// overUTP says how many of the peers are reached over uTP; empty where none is.
func overUTP(t Torrent) string {
	if t.OverUTP == 0 {
		return ""
	}
	return fmt.Sprintf("(%d uTP)", t.OverUTP)
}

// allPeers are both.
func allPeers(t Torrent) string { return strings.TrimRight(peers(t)+" "+overUTP(t), " ") }

// percent rounds down, so that 100 % is all.
func percent(part, whole int64) string {
	if whole <= 0 {
		return "100%"
	}
	return fmt.Sprintf("%d%%", int64(float64(part)/float64(whole)*100))
}
