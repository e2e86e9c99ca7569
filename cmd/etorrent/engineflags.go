package main

import (
	"net/netip"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/pflag"

	"github.com/etorrent/etorrent"
)

// engineFlags are those of commands that run an engine.
type engineFlags struct {
	dir, state string
	listen     listenValue
	peers      peersValue
	trackers   trackersValue
	noTrackers bool
	existing   existingValue
	down       rateValue
	up         typedRate
	maxPeers   uint16
	dscp       dscpValue
	bind       bindValue
	transport  transportValue
	network    etorrent.Network // that of bind and dscp
	ipFilter   string
	choker     namedValue // with an empty name where it was not given
	output     outputFlags
}

// add defines the flags. The listening address and the policies differ from
// command to command.
func (f *engineFlags) add(flags *pflag.FlagSet, h *host) {
	f.addEngine(flags, h)
	addOutputFlags(flags, &f.output)
}

// addChoker defines who is served; the name is the library's default until it is given.
func (f *engineFlags) addChoker(flags *pflag.FlagSet) {
	f.choker.names = etorrent.Chokers()
	flags.Var(&f.choker, "choker", "who may fetch from us: tft (who gives most, and others by lot), rotation (who waited longest), first-come, none")
}

// addEngine defines those that say nothing of the output.
func (f *engineFlags) addEngine(flags *pflag.FlagSet, h *host) {
	flags.StringVarP(&f.dir, "dir", "d", ".", "folder that holds the torrent's file or folder")
	flags.StringVar(&f.state, "state", stateFolder(h), "folder of what is remembered from one run to the next")
	flags.Var(&f.listen, "listen", "where to accept connections; port 0 is any, a port that is taken gives way to the next")
	flags.Var(&f.peers, "peer", "a peer to connect to, by address or name (repeatable)")
	flags.Var(&f.trackers, "tracker", "a tracker besides the torrent's, kept for the next run; a comma adds one to the tier, repeating opens the next, '' forgets those that are kept")
	flags.BoolVar(&f.noTrackers, "no-trackers", false, "ask no tracker that the torrent names, only those of --tracker")
	flags.Var(&f.existing, "existing", "what to do with files that lie there and that nothing is remembered of")
	flags.Var(&f.down, "down", "most to receive a second: 5M (bytes in 1024s), 40mbit, 0 for no limit")
	flags.Var(&f.up, "up", "most to send a second")
	flags.Uint16Var(&f.maxPeers, "max-peers", 0, "most connections of a torrent, 0 for as many as fit")
	flags.Var(&f.dscp, "dscp", "class of all that is sent: 0 to 63, or le to give way to other traffic")
	flags.Var(&f.bind, "bind", "address that all connections and datagrams leave from; one of IPv4, one of IPv6 (repeatable)")
	flags.Var(&f.transport, "transport", "what carries connections: tcp, utp, or any, where the first to answer stays")
	flags.StringVar(&f.ipFilter, "ip-filter", "", "file of addresses to keep away from (CIDR, P2P or DAT, also gzipped); read again at SIGHUP")
}

func addOutputFlags(flags *pflag.FlagSet, f *outputFlags) {
	flags.BoolVar(&f.json, "json", false, "tell programs: one JSON object a line on stdout")
	flags.BoolVar(&f.events, "events", false, "as --json, with every piece and peer")
	addPeopleFlags(flags, f)
}

// addPeopleFlags defines those of what people are told.
func addPeopleFlags(flags *pflag.FlagSet, f *outputFlags) {
	flags.BoolVarP(&f.quiet, "quiet", "q", false, "tell people of errors only")
	flags.BoolVar(&f.plain, "plain", false, "plain lines also on a terminal")
}

// stateFolder is where state lies by default; empty where no home folder is known.
func stateFolder(h *host) string {
	if named, _ := h.env("ETORRENT_STATE"); named != "" {
		return named
	}
	base := atHome(".local", "state")
	switch h.goos {
	case "darwin":
		base = atHome("Library", "Application Support")
	case "windows":
		base = atHome("AppData", "Local")
		if local, _ := h.env("LocalAppData"); local != "" {
			base = local
		}
	default:
		// The XDG base directory specification ignores paths that are relative.
		if xdg, _ := h.env("XDG_STATE_HOME"); filepath.IsAbs(xdg) {
			base = xdg
		}
	}
	if base == "" {
		return ""
	}
	return filepath.Join(base, "etorrent")
}

// atHome is a folder below that of the person, empty where that is not known.
func atHome(below ...string) string {
	home, err := os.UserHomeDir()
	if err != nil {
		return ""
	}
	return filepath.Join(append([]string{home}, below...)...)
}

// judgeState refuses to keep state nowhere.
func judgeState(folder string) error {
	if folder == "" {
		return usageError("no home folder is known that state could be kept in; --state names a folder for it")
	}
	return nil
}

// judge refuses what only shows when all flags are read, and makes the network.
func (f *engineFlags) judge(s *session) error {
	if err := judgeState(f.state); err != nil {
		return err
	}
	if err := f.trackers.judge(); err != nil {
		return err
	}
	at := f.listen.host()
	if len(f.bind) > 0 && (f.listen.named() || at.IsValid() && !slices.Contains(f.bind, at)) {
		return usageError("--listen %s is none of the addresses of --bind", f.listen.text)
	}
	network, err := etorrent.HostNetwork(etorrent.DSCP(f.dscp), f.bind...)
	if err != nil {
		return usageError("--bind: %w", err)
	}
	f.network, s.network = network, network
	return nil
}

// listenAt are the places to listen at: with --bind, each of its addresses.
func (f *engineFlags) listenAt() []string {
	if len(f.bind) == 0 || f.listen.host().IsValid() {
		return []string{f.listen.text}
	}
	var out []string
	for _, a := range f.bind {
		out = append(out, netip.AddrPortFrom(a, f.listen.port()).String())
	}
	return out
}

// listenWords are the places to listen at, and the flag that they come from.
func (f *engineFlags) listenWords() string {
	at := strings.Join(f.listenAt(), ", ")
	if len(f.bind) > 0 {
		return at + " (--bind)"
	}
	return at
}

// addOptions are what the flags say of where peers come from.
func (f *engineFlags) addOptions() []etorrent.AddOption {
	options := []etorrent.AddOption{etorrent.WithPeerNames(f.peers...)}
	if f.trackers != nil {
		options = append(options, etorrent.WithTrackers(f.trackers...))
	}
	if f.noTrackers {
		options = append(options, etorrent.WithoutTrackers())
	}
	if f.choker.name != "" {
		options = append(options, etorrent.WithChoker(f.choker.name))
	}
	return options
}

// options are what the flags say to the library.
func (f *engineFlags) options(state etorrent.State, filter *etorrent.Filter) etorrent.Options {
	return etorrent.Options{
		Filter: filter,
		Listen: f.listenAt(), Ports: etorrent.NextFreePort, State: state, Network: f.network,
		Transport: etorrent.TransportPolicy(f.transport),
		Limits:    etorrent.Limits{Down: int64(f.down), Up: int64(f.up.rateValue), PeersPerTorrent: int(f.maxPeers)},
	}
}
