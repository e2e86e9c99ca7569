package wire

import (
	"maps"
	"net/netip"
	"slices"

	"github.com/etorrent/etorrent/bencode"
)

// Bounds of an extended handshake.
const (
	// MaxExtensions is how many extensions a handshake may name.
	MaxExtensions = 64
	// MaxExtensionName is the longest name of an extension that is kept, in
	// bytes; one with a longer name is unknown to everybody.
	MaxExtensionName = 64
	// MaxClientName is how many bytes are kept of a client's name.
	MaxClientName = 128
	// MaxReqq bounds the reqq that is believed: 256 MiB in blocks of 16 KiB are
	// more than any path holds.
	MaxReqq = 16 << 10
	// MaxMetadataSize bounds the metadata_size that is believed, in bytes.
	MaxMetadataSize = 128 << 20
)

// ExtendedHandshake is the handshake of the extension protocol (BEP 10). Every
// field is the sender's own claim, and the zero value of each says that it
// makes none. A side may send several; a later one changes only what it names.
type ExtendedHandshake struct {
	// M maps names of extensions to the ids, 1 to 255, that Extended messages
	// to the sender must carry. 0 turns an extension off.
	M            map[string]int
	Client       string // name and version; may hold any bytes
	Reqq         int    // requests that the sender queues
	Port         uint16 // TCP port that the sender listens on
	YourIP       netip.Addr
	UploadOnly   UploadOnly
	MetadataSize int64 // bytes of the info dictionary (BEP 9)
}

// UploadOnlyName is the extension whose messages are one byte: what upload_only of a
// handshake would be.
const UploadOnlyName = "upload_only"

// UploadOnly is whether a peer says that it wants no pieces (BEP 21).
type UploadOnly uint8

// What a handshake says of it.
const (
	UploadOnlyUnsaid UploadOnly = iota
	UploadOnlyNo
	UploadOnlyYes
)

// Append appends the handshake as the body of an Extended message with ExtID 0.
// Fields that claim nothing are left out; M is written even if it is empty.
func (h *ExtendedHandshake) Append(dst []byte) []byte {
	return bencode.AppendDict(dst, func(w *bencode.DictWriter) {
		w.Dict("m", h.writeExtensions)
		if h.MetadataSize > 0 {
			w.Int("metadata_size", h.MetadataSize)
		}
		if h.Port > 0 {
			w.Int("p", int64(h.Port))
		}
		if h.Reqq > 0 {
			w.Int("reqq", int64(h.Reqq))
		}
		h.writeUploadOnly(w)
		if h.Client != "" {
			w.Text("v", h.Client)
		}
		if h.YourIP.IsValid() {
			w.Bytes("yourip", h.YourIP.Unmap().AsSlice())
		}
	})
}

func (h *ExtendedHandshake) writeExtensions(w *bencode.DictWriter) {
	for _, name := range slices.Sorted(maps.Keys(h.M)) {
		w.Int(name, int64(h.M[name]))
	}
}

func (h *ExtendedHandshake) writeUploadOnly(w *bencode.DictWriter) {
	switch h.UploadOnly {
	case UploadOnlyNo:
		w.Int("upload_only", 0)
	case UploadOnlyYes:
		w.Int("upload_only", 1)
	case UploadOnlyUnsaid:
	}
}
