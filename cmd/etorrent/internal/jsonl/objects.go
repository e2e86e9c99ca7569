package jsonl

import "time"

// Listening says where connections are accepted. Announce are the announce URLs of
// a tracker.
type Listening struct {
	Head
	Addresses []string `json:"addresses"`
	Announce  []string `json:"announce,omitempty"`
}

// Totals is how a tracker stands: torrents that have peers, those, and what came
// since the start. Refused are those of the four counts after it.
type Totals struct {
	Head
	Swarms    int    `json:"swarms"`
	Seeders   int    `json:"seeders"`
	Leechers  int    `json:"leechers"`
	Announces uint64 `json:"announces"`
	Scrapes   uint64 `json:"scrapes"`
	Completed uint64 `json:"completed"`
	Refused   uint64 `json:"refused"`
	Unlisted  uint64 `json:"unlisted"`
	Full      uint64 `json:"full"`
	TooOften  uint64 `json:"too_often"`
	Malformed uint64 `json:"malformed"`
}

// Added says that a torrent runs, and what of it is claimed. It comes once a torrent.
type Added struct {
	Head
	Name         string `json:"name"`
	Path         string `json:"path"`
	Size         int64  `json:"size"`
	Pieces       int    `json:"pieces"`
	ClaimedBytes int64  `json:"claimed_bytes"`
	Claimed      string `json:"claimed"` // bitfield in hex
}

// Reopened says that the files of a torrent were opened again, and what of it is claimed
// by now.
type Reopened struct {
	Head
	ClaimedBytes int64  `json:"claimed_bytes"`
	Claimed      string `json:"claimed"` // bitfield in hex
}

// Checking says that pieces are read and hashed.
type Checking struct {
	Head
	Pieces int    `json:"pieces"`
	Reason string `json:"reason"`
}

// Progress is how a torrent stands. Sizes are in bytes, rates in bytes a second,
// the ETA in seconds.
type Progress struct {
	Head
	Status  string  `json:"status"`
	Wanted  int64   `json:"wanted"`
	Stored  int64   `json:"stored"`
	Down    int64   `json:"down"`
	Up      int64   `json:"up"`
	Peers   int     `json:"peers"`
	Known   int     `json:"known"`
	ETA     *int64  `json:"eta"` // null where it cannot be told
	Pieces  int     `json:"pieces"`
	Durable int     `json:"durable"`
	Bad     int     `json:"bad"`
	Checked int     `json:"checked"`
	ToCheck int     `json:"to_check"`
	TCP     Traffic `json:"tcp"`
	UTP     Traffic `json:"utp"`
	*Memory         // nil without --events
}

// Traffic is what one transport carries: connections, and bytes of this run.
type Traffic struct {
	Peers      int   `json:"peers"`
	Downloaded int64 `json:"downloaded"`
	Uploaded   int64 `json:"uploaded"`
}

// Memory is what --events adds to a progress.
type Memory struct {
	Mallocs    uint64 `json:"mallocs"` // objects allocated since the start
	Heap       uint64 `json:"heap"`    // bytes of live and dead objects
	Goroutines uint64 `json:"goroutines"`
}

// Piece says how far a piece has come.
type Piece struct {
	Head
	Index uint32 `json:"index"`
	State string `json:"state"`
}

// File says that a file is whole. Number counts from 1 as in Torrent; Path is
// where it lies below the download folder, with slashes.
type File struct {
	Head
	Number int    `json:"number"`
	Path   string `json:"path"`
	Size   int64  `json:"size"`
}

// Peer says that a peer joined, left or is kept out.
type Peer struct {
	Head
	Address   string `json:"address"`
	State     string `json:"state"`               // joined, left or banned
	Transport string `json:"transport,omitempty"` // tcp or utp, of one that joined
	Client    string `json:"client,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

// Tracker says how a tracker does that was asked just now, in one address family.
type Tracker struct {
	Head
	URL      string     `json:"url"`    // what may be a passkey is masked
	Tier     int        `json:"tier"`   // from 1 on
	Family   string     `json:"family"` // any, ipv4 or ipv6
	State    string     `json:"state"`
	Fault    string     `json:"fault,omitempty"`
	Message  string     `json:"message,omitempty"` // of a fault, or the tracker's warning
	Failures int        `json:"failures"`          // in a row
	Seeders  *int       `json:"seeders,omitempty"`
	Leechers *int       `json:"leechers,omitempty"`
	Peers    int        `json:"peers"` // that it named
	Next     *time.Time `json:"next,omitempty"`
}

// Warning says that something is not as it should be, and goes on. Report is
// the file of a crash report.
type Warning struct {
	Head
	Message string `json:"message"`
	Report  string `json:"report,omitempty"`
}

// Error says what ended a torrent or the program.
type Error struct {
	Head
	Message string `json:"message"`
	Report  string `json:"report,omitempty"`
}

// Complete says that every wanted byte is durable.
type Complete struct {
	Head
	Name string `json:"name"`
	Path string `json:"path"`
}

// SuperSeed says that super seeding ended. Complete is how many remotes are known to have
// everything, of which the reason is.
type SuperSeed struct {
	Head
	State    string `json:"state"`  // ended
	Reason   string `json:"reason"` // enough_complete or other_seed
	Complete int    `json:"complete"`
}

// End is the last object.
type End struct {
	Head
	Exit     int          `json:"exit"`
	Reason   string       `json:"reason"`
	Torrents []EndTorrent `json:"torrents"`
}

// EndTorrent is how a torrent stood at the end. Downloaded and Uploaded are
// bytes of this run.
type EndTorrent struct {
	Torrent    string   `json:"torrent"`
	Name       string   `json:"name"`
	Path       string   `json:"path"`
	Status     string   `json:"status"`
	Wanted     int64    `json:"wanted"`
	Stored     int64    `json:"stored"`
	Downloaded int64    `json:"downloaded"`
	Uploaded   int64    `json:"uploaded"`
	TCP        *Traffic `json:"tcp,omitempty"` // where there were connections
	UTP        *Traffic `json:"utp,omitempty"`
	Pieces     int      `json:"pieces"`
	Durable    int      `json:"durable"`
	Bad        int      `json:"bad"`
}

// Torrent is what show tells.
type Torrent struct {
	Head
	Name        string        `json:"name"`
	Size        int64         `json:"size"`
	PieceLength int64         `json:"piece_length"`
	Pieces      int           `json:"pieces"`
	Private     bool          `json:"private"`
	Source      string        `json:"source,omitempty"`
	Comment     string        `json:"comment,omitempty"`
	CreatedBy   string        `json:"created_by,omitempty"`
	Created     *time.Time    `json:"created,omitempty"`
	Trackers    [][]string    `json:"trackers"`
	WebSeeds    []string      `json:"web_seeds"`
	Files       []TorrentFile `json:"files"`
	Scrapes     []Scrape      `json:"scrapes,omitempty"` // with --scrape
	Findings    []string      `json:"findings"`
	Renamed     []Renaming    `json:"renamed"`
	Magnet      string        `json:"magnet"`
}

// Scrape is what a tracker told of the torrent's swarm. Tier counts from 1.
type Scrape struct {
	URL       string `json:"url"` // what may be a passkey is masked
	Tier      int    `json:"tier"`
	Seeders   *int   `json:"seeders,omitempty"`
	Leechers  *int   `json:"leechers,omitempty"`
	Completed *int   `json:"completed,omitempty"`
	Fault     string `json:"fault,omitempty"`
	Message   string `json:"message,omitempty"`
}

// TorrentFile is a file of a torrent that is not padding. Number counts from 1; Path is
// as the torrent has it, Stored where it lies below the download folder.
// Attributes are words. Target is of a symbolic link, as the torrent has it; one
// that is LeftOut, with the reason there, is not stored.
type TorrentFile struct {
	Number     int      `json:"number"`
	Path       string   `json:"path"`
	Stored     string   `json:"stored"`
	Size       int64    `json:"size"`
	Attributes []string `json:"attributes,omitempty"`
	Target     *string  `json:"target,omitempty"`
	LeftOut    string   `json:"left_out,omitempty"`
}

// Renaming is a name that is stored otherwise. Number is 0 for the torrent's.
type Renaming struct {
	Number int    `json:"number"`
	From   string `json:"from"`
	To     string `json:"to"`
	Cause  string `json:"cause"`
}

// Verified is what verify found.
type Verified struct {
	Head
	Name    string         `json:"name"`
	Path    string         `json:"path"`
	Pieces  int            `json:"pieces"`
	Good    int            `json:"good"`
	Damaged []uint32       `json:"damaged"`
	Files   []VerifiedFile `json:"files"`
}

// VerifiedFile is one file: Size is what it should have, Found what it has where
// that differs, Damaged the number of its damaged pieces.
type VerifiedFile struct {
	Number  int    `json:"number"`
	Path    string `json:"path"`
	Size    int64  `json:"size"`
	State   string `json:"state"`
	Found   *int64 `json:"found,omitempty"`
	Damaged int    `json:"damaged,omitempty"`
	Message string `json:"message,omitempty"`
}

// Tree is the tree of processes of a running program, as ps tells it. Command is what
// was typed, LeftOut how many processes there are besides those that are told.
type Tree struct {
	Head
	PID     int     `json:"pid"`
	Version string  `json:"version"`
	Command string  `json:"command"`
	LeftOut int     `json:"left_out,omitempty"`
	Root    Process `json:"root"`
}

// Process is one process of a tree. Reason is of the states degraded and stuck, Until of
// quarantined. Restarts count since the tree began, Age is in milliseconds since the
// last start; Waiting is how many messages lie in its Mailboxes.
type Process struct {
	Name        string     `json:"name"`
	Kind        string     `json:"kind"`
	Path        string     `json:"path"`
	Strategy    string     `json:"strategy,omitempty"` // of a supervisor
	State       string     `json:"state"`
	Reason      string     `json:"reason,omitempty"`
	Until       *time.Time `json:"until,omitempty"`
	Restarts    int        `json:"restarts"`
	Started     *time.Time `json:"started,omitempty"`
	Age         int64      `json:"age_ms"`
	LastExit    string     `json:"last_exit,omitempty"`
	LastMessage string     `json:"last_message,omitempty"`
	Mailboxes   int        `json:"mailboxes"`
	Waiting     int        `json:"waiting"`
	Cells       *Cells     `json:"cells,omitempty"` // of a process that has or had some
	Children    []Process  `json:"children"`
}

// ByPath appends the processes at a path, p's or below it.
func (p *Process) ByPath(path string, to []*Process) []*Process {
	if p.Path == path {
		to = append(to, p)
	}
	for i := range p.Children {
		to = p.Children[i].ByPath(path, to)
	}
	return to
}

// Killed says what came of a process that ps killed. After is in milliseconds, until
// it was back or for how long that was waited for.
type Killed struct {
	Head
	PID      int    `json:"pid"`
	Path     string `json:"path"`
	Outcome  string `json:"outcome"` // back, gone, quarantined, ending or ended
	After    int64  `json:"after_ms"`
	Restarts int    `json:"restarts"`
	LastExit string `json:"last_exit,omitempty"`
}

// Version is which program it is. Revision is that of its source, where it is known.
type Version struct {
	Head
	Version  string `json:"version"`
	Revision string `json:"revision,omitempty"`
	Go       string `json:"go"`
	OS       string `json:"os"`
	Arch     string `json:"arch"`
}

// Hashing says how far the files of a torrent that is made or verified are read and
// hashed, in bytes.
type Hashing struct {
	Head
	Name string `json:"name"`
	Done int64  `json:"done"`
	Size int64  `json:"size"`
}

func (*Version) event() string   { return "version" }
func (*Hashing) event() string   { return "hashing" }
func (*Tree) event() string      { return "tree" }
func (*Killed) event() string    { return "killed" }
func (*Listening) event() string { return "listening" }
func (*Added) event() string     { return "added" }
func (*Reopened) event() string  { return "reopened" }
func (*Checking) event() string  { return "checking" }
func (*Progress) event() string  { return "progress" }
func (*Piece) event() string     { return "piece" }
func (*File) event() string      { return "file" }
func (*Peer) event() string      { return "peer" }
func (*Tracker) event() string   { return "tracker" }
func (*Warning) event() string   { return "warning" }
func (*Error) event() string     { return "error" }
func (*SuperSeed) event() string { return "super_seed" }
func (*Complete) event() string  { return "complete" }
func (*End) event() string       { return "end" }
func (*Torrent) event() string   { return "torrent" }
func (*Verified) event() string  { return "verified" }
func (*Totals) event() string    { return "totals" }
