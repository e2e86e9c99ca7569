package main

import (
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	"github.com/etorrent/etorrent"
	"github.com/etorrent/etorrent/cmd/etorrent/internal/amount"
	"github.com/etorrent/etorrent/internal/vocab/endpoint"
	"github.com/etorrent/etorrent/internal/vocab/pattern"
	"github.com/etorrent/etorrent/internal/vocab/tracker"
)

// The types of flags: each reads a text, writes it back for the help text, and
// names its type there.

type rateValue int64

func (v *rateValue) String() string { return strconv.FormatInt(int64(*v), 10) }
func (v *rateValue) Type() string   { return "RATE" }
func (v *rateValue) Set(s string) error {
	n, err := amount.ParseRate(s)
	*v = rateValue(n)
	return err
}

// typedRate is a rate, and how a person wrote it.
type typedRate struct {
	rateValue

	typed string
}

// Set reads a rate, and keeps the text.
func (v *typedRate) Set(s string) error {
	v.typed = s
	return v.rateValue.Set(s)
}

// dscpValue is a class of traffic, by number or as "le" (RFC 8622).
type dscpValue etorrent.DSCP

const lowerEffortName = "le"

func (v *dscpValue) String() string {
	if etorrent.DSCP(*v) == etorrent.LowerEffort {
		return lowerEffortName
	}
	return strconv.Itoa(int(*v))
}
func (v *dscpValue) Type() string { return "N|le" }
func (v *dscpValue) Set(s string) error {
	if strings.EqualFold(s, lowerEffortName) {
		*v = dscpValue(etorrent.LowerEffort)
		return nil
	}
	n, err := strconv.ParseUint(s, 10, 6)
	if err != nil {
		return fmt.Errorf("%q is neither a number from 0 to 63 nor %s", s, lowerEffortName)
	}
	*v = dscpValue(n)
	return nil
}

func (v *dscpValue) choices() []string { return []string{lowerEffortName, "0"} }

// bindValue are the machine's addresses that all leaves from.
type bindValue []netip.Addr

func (v *bindValue) String() string { return "" }
func (v *bindValue) Type() string   { return "ADDRESS" }
func (v *bindValue) Set(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		a, err := netip.ParseAddr(strings.TrimSpace(part))
		if err != nil {
			return fmt.Errorf("%q is no address, such as 192.0.2.7 or 2001:db8::7", part)
		}
		*v = append(*v, a.Unmap())
	}
	return nil
}

// peersValue are endpoints, by address or by name.
type peersValue []string

func (v *peersValue) String() string { return "" }
func (v *peersValue) Type() string   { return "HOST:PORT" }
func (v *peersValue) Set(s string) error {
	for part := range strings.SplitSeq(s, ",") {
		at, err := endpoint.Parse(strings.TrimSpace(part))
		if err != nil {
			return err
		}
		impossible := false
		switch at := at.(type) {
		case endpoint.Address:
			ap := netip.AddrPort(at)
			impossible = ap.Port() == 0 || ap.Addr().IsUnspecified()
		case endpoint.Name:
			impossible = at.Port == 0
		}
		if impossible {
			return fmt.Errorf("%s can be no peer's address", at)
		}
		*v = append(*v, at.String())
	}
	return nil
}

// trackersValue are tiers of announce URLs; nil where the flag was not given. They are judged when all flags are read:
// the error of a flag tells its text, which may hold a passkey.
type trackersValue [][]string

func (v *trackersValue) String() string { return "" }
func (v *trackersValue) Type() string   { return "URL" }
func (v *trackersValue) Set(s string) error {
	if s == "" { // those that are kept are forgotten
		*v = append(trackersValue{}, *v...)
		return nil
	}
	var tier []string
	for url := range strings.SplitSeq(s, ",") {
		tier = append(tier, strings.TrimSpace(url))
	}
	*v = append(*v, tier)
	return nil
}

// judge refuses what cannot be announced to, without telling it.
func (v *trackersValue) judge() error {
	for i, tier := range *v {
		for j, url := range tier {
			where := fmt.Sprintf("URL %d of --tracker %d", j+1, i+1)
			switch e := tracker.ViewURL(url).(type) {
			case tracker.URLUsable:
			case tracker.URLLocal:
				return usageError("%s is in a network of its own, and its path is not /announce", where)
			case tracker.URLMalformed:
				return usageError("%s is none of a tracker: %s", where, e.Fault)
			}
		}
	}
	return nil
}

// listenValue is where to listen; an empty host is every address.
type listenValue struct{ text string }

func (v *listenValue) String() string { return v.text }
func (v *listenValue) Type() string   { return "HOST:PORT" }
func (v *listenValue) Set(s string) error {
	if port, everywhere := strings.CutPrefix(s, ":"); everywhere {
		if _, err := strconv.ParseUint(port, 10, 16); err != nil {
			return fmt.Errorf("%q is no port from 0 to 65535", port)
		}
		v.text = s
		return nil
	}
	at, err := endpoint.Parse(s)
	if err == nil {
		v.text = at.String()
	}
	return err
}

// port is the port that was asked for, 0 for any.
func (v *listenValue) port() uint16 {
	n, _ := strconv.ParseUint(v.text[strings.LastIndexByte(v.text, ':')+1:], 10, 16)
	return uint16(n)
}

// host is the address that was asked for, invalid where it was every address or a
// name.
func (v *listenValue) host() netip.Addr {
	at, err := netip.ParseAddrPort(v.text)
	if err != nil || at.Addr().IsUnspecified() {
		return netip.Addr{}
	}
	return at.Addr().Unmap()
}

// named says whether a name was asked for.
func (v *listenValue) named() bool {
	at, err := endpoint.Parse(v.text)
	_, name := at.(endpoint.Name)
	return err == nil && name
}

// existingValue is a policy for files that lie there, of those that a command
// allows.
type existingValue struct {
	policy  etorrent.Existing
	allowed []etorrent.Existing
}

var existingNames = map[etorrent.Existing]string{
	etorrent.CheckExisting: "check", etorrent.TrustExisting: "trust",
	etorrent.RefuseExisting: "refuse", etorrent.ReplaceExisting: "replace",
}

func (v *existingValue) String() string { return existingNames[v.policy] }
func (v *existingValue) Type() string   { return strings.Join(v.names(), "|") }
func (v *existingValue) Set(s string) error {
	for _, policy := range v.allowed {
		if existingNames[policy] == s {
			v.policy = policy
			return nil
		}
	}
	return fmt.Errorf("%q is none of %s", s, strings.Join(v.names(), ", "))
}

func (v *existingValue) choices() []string { return v.names() }

func (v *existingValue) names() []string {
	var out []string
	for _, policy := range v.allowed {
		out = append(out, existingNames[policy])
	}
	return out
}

// namedValue is one of the names of a way to do something.
type namedValue struct {
	name  string
	names []string
}

func (v *namedValue) String() string { return v.name }
func (v *namedValue) Type() string   { return "NAME" }
func (v *namedValue) Set(s string) error {
	if !slices.Contains(v.names, s) {
		return fmt.Errorf("%q is none of %s", s, strings.Join(v.names, ", "))
	}
	v.name = s
	return nil
}

func (v *namedValue) choices() []string { return v.names }

type patternsValue []*pattern.Pattern

func (v *patternsValue) String() string { return "" }
func (v *patternsValue) Type() string   { return "PATTERN" }
func (v *patternsValue) Set(s string) error {
	p, err := pattern.Parse(s)
	if err == nil {
		*v = append(*v, p)
	}
	return err
}
