package metainfo

import (
	"crypto/sha1"
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

// ID names a torrent. It is comparable. The zero ID names none.
type ID struct {
	V1 InfoHash // zero if the torrent has no version 1
}

// String returns the info-hash as hex digits.
func (id ID) String() string { return id.V1.String() }
