package wire

import (
	"math"
	"net/netip"

	"github.com/etorrent/etorrent/bencode"
)

// ExtendedHandshakeEvidence says what the body of an Extended message with
// ExtID 0 is.
//
//sumtype:decl
type ExtendedHandshakeEvidence interface{ extendedHandshakeEvidence() }

// ExtendedHandshakeWellFormed carries what the sender claims.
type ExtendedHandshakeWellFormed struct{ Handshake ExtendedHandshake }

// ExtendedHandshakeMalformed says why the body is no handshake. Syntax is what
// bencode said, for NotBencoded only.
type ExtendedHandshakeMalformed struct {
	Reason ExtendedFault
	Syntax error
}

func (ExtendedHandshakeWellFormed) extendedHandshakeEvidence() {}
func (ExtendedHandshakeMalformed) extendedHandshakeEvidence()  {}

// ExtendedFault names what makes an extended handshake malformed.
type ExtendedFault uint8

// The faults of extended handshakes.
const (
	// NoExtendedFault is the fault of a handshake that is well formed.
	NoExtendedFault ExtendedFault = iota
	// NotBencoded is a body that is not bencoded, or goes beyond sane limits.
	NotBencoded
	// NotDictionary is a body that is another bencoded value.
	NotDictionary
	// ExtensionsNotDictionary is an m that is no dictionary.
	ExtensionsNotDictionary
	// TooManyExtensions is an m with more than MaxExtensions entries.
	TooManyExtensions
	// ExtensionIDOutOfRange is an m with an id that is no byte.
	ExtensionIDOutOfRange
)

// String says the fault for people.
func (f ExtendedFault) String() string {
	switch f {
	case NoExtendedFault:
		return "no fault"
	case NotBencoded:
		return "the extended handshake is not bencoded"
	case NotDictionary:
		return "the extended handshake is no dictionary"
	case ExtensionsNotDictionary:
		return "the extended handshake's m is no dictionary"
	case TooManyExtensions:
		return "the extended handshake names too many extensions"
	case ExtensionIDOutOfRange:
		return "the extended handshake has an extension id that is no byte"
	}
	return "unknown fault"
}

// ViewExtendedHandshake looks at the body of an Extended message with ExtID 0.
// Unknown keys are ignored (BEP 10). So are hints (p, v, yourip, …) of a wrong
// kind or out of range: they claim nothing. Numbers above a bound are cut to it
// where less is safe (reqq) and dropped where it is not (metadata_size). It
// keeps nothing of body.
func ViewExtendedHandshake(body []byte) ExtendedHandshakeEvidence {
	v, _, err := bencode.Parse(body, bencode.Limits{MaxDepth: 16, MaxItems: 4096})
	if err != nil {
		return ExtendedHandshakeMalformed{Reason: NotBencoded, Syntax: err}
	}
	if v.Kind() != bencode.Dict {
		return ExtendedHandshakeMalformed{Reason: NotDictionary}
	}
	h := viewHints(v)
	m, f := viewExtensions(v.Get("m"))
	if f != NoExtendedFault {
		return ExtendedHandshakeMalformed{Reason: f}
	}
	h.M = m
	return ExtendedHandshakeWellFormed{Handshake: h}
}

func viewExtensions(m bencode.Value) (map[string]int, ExtendedFault) {
	switch m.Kind() {
	case bencode.Absent:
		return nil, NoExtendedFault
	case bencode.Integer, bencode.String, bencode.List:
		return nil, ExtensionsNotDictionary
	case bencode.Dict:
	}
	ids := make(map[string]int)
	seen := 0
	for name, value := range m.Pairs() {
		if seen++; seen > MaxExtensions {
			return nil, TooManyExtensions
		}
		id, ok := value.Int()
		if !ok || id < 0 || id > math.MaxUint8 {
			return nil, ExtensionIDOutOfRange
		}
		if _, repeated := ids[string(name)]; !repeated && len(name) <= MaxExtensionName {
			ids[string(name)] = int(id)
		}
	}
	return ids, NoExtendedFault
}

func viewHints(v bencode.Value) ExtendedHandshake {
	var h ExtendedHandshake
	client, _ := v.Get("v").Bytes()
	h.Client = string(client[:min(len(client), MaxClientName)])
	if n, ok := v.Get("reqq").Int(); ok {
		h.Reqq = int(max(1, min(n, MaxReqq)))
	}
	if n, ok := v.Get("p").Int(); ok && n > 0 && n <= math.MaxUint16 {
		h.Port = uint16(n)
	}
	if n, ok := v.Get("metadata_size").Int(); ok && n > 0 && n <= MaxMetadataSize {
		h.MetadataSize = n
	}
	if b, ok := v.Get("yourip").Bytes(); ok {
		address, _ := netip.AddrFromSlice(b)
		h.YourIP = address.Unmap()
	}
	if n, ok := v.Get("upload_only").Int(); ok {
		h.UploadOnly = ViewUploadOnly(n)
	}
	return h
}

// ViewUploadOnly says what a number for upload_only means: anything but 0 is yes.
func ViewUploadOnly(n int64) UploadOnly {
	if n == 0 {
		return UploadOnlyNo
	}
	return UploadOnlyYes
}
