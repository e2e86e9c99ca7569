package metainfo

import (
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base32"
	"encoding/hex"
	"strings"
)

// InfoHash is the SHA-1 of an info dictionary as received: the name of a
// torrent of version 1 (BEP 3). The zero InfoHash names none.
type InfoHash [sha1.Size]byte

// HashInfo returns the info-hash of the bytes of an info dictionary.
func HashInfo(info []byte) InfoHash { return sha1.Sum(info) }

// ParseInfoHash reads 40 hex digits or 32 base32 digits (BEP 9), in either
// case. The error is an *InfoHashError, or an *UnsupportedError for the 64 hex
// digits of a torrent of version 2.
func ParseInfoHash(s string) (InfoHash, error) {
	var h InfoHash
	var err error
	switch len(s) {
	case hex.EncodedLen(len(h)):
		_, err = hex.Decode(h[:], []byte(s))
	case base32.StdEncoding.EncodedLen(len(h)):
		_, err = base32.StdEncoding.Decode(h[:], []byte(strings.ToUpper(s)))
	case 64:
		if _, err = hex.DecodeString(s); err == nil {
			return InfoHash{}, &UnsupportedError{Field: "info-hash", Offset: NoOffset, Feature: version2}
		}
	default:
		return InfoHash{}, &InfoHashError{Reason: "is neither 40 hex nor 32 base32 digits"}
	}
	if err != nil {
		return InfoHash{}, &InfoHashError{Reason: "has other bytes than hex or base32 digits"}
	}
	if h == (InfoHash{}) {
		return InfoHash{}, &InfoHashError{Reason: "is all zeros"}
	}
	return h, nil
}

// String returns the info-hash as 40 hex digits.
func (h InfoHash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText returns the info-hash as 40 hex digits.
func (h InfoHash) MarshalText() ([]byte, error) { return []byte(h.String()), nil }

// UnmarshalText reads what ParseInfoHash reads.
func (h *InfoHash) UnmarshalText(text []byte) error {
	parsed, err := ParseInfoHash(string(text))
	if err == nil {
		*h = parsed
	}
	return err
}

// InfoHashV2 is the SHA-256 of an info dictionary: the name of a torrent of version 2
// (BEP 52). The zero InfoHashV2 names none.
type InfoHashV2 [sha256.Size]byte

// String returns the info-hash as 64 hex digits.
func (h InfoHashV2) String() string { return hex.EncodeToString(h[:]) }

// ID names a torrent. It is comparable. The zero ID names none.
//
// Torrents of version 2 are refused in this version, and hybrids are read as version 1
// (HybridReadAsV1): nothing that this package reads has a V2.
type ID struct {
	V1 InfoHash   // zero if the torrent has no version 1
	V2 InfoHashV2 // zero if the torrent has no version 2
}

// String returns the info-hash as hex digits, of version 1 where there is one.
func (id ID) String() string {
	if id.V1 == (InfoHash{}) && id.V2 != (InfoHashV2{}) {
		return id.V2.String()
	}
	return id.V1.String()
}

// View compares two names. Those that contradict each other in a version name two
// torrents, whatever they say of the other.
func (id ID) View(other ID) Sameness {
	v1 := id.V1 != (InfoHash{}) && other.V1 != (InfoHash{})
	v2 := id.V2 != (InfoHashV2{}) && other.V2 != (InfoHashV2{})
	switch {
	case !v1 && !v2, v1 && id.V1 != other.V1, v2 && id.V2 != other.V2:
		return Another
	}
	return SameTorrent
}

// Sameness says whether two names are of one torrent.
type Sameness uint8

// The two.
const (
	Another Sameness = iota
	SameTorrent
)
