// Package utpwire is the codec of uTP's packets (BEP 29): a header of 20 bytes, a
// chain of extensions, of which selective acks are the only one that says anything,
// and the payload.
//
//	0       4       8               16              24              32
//	| kind  | ver   | extension     | connection id                 |
//	| timestamp in µs                                               |
//	| difference of timestamps in µs                                |
//	| window in bytes                                               |
//	| seq_nr                        | ack_nr                        |
//
// Parse looks at a datagram in place. It tells datagrams that belong to another
// protocol from packets that are broken, by its Fault. Numbers of packets are of
// package serial; what wraps has methods for distances, and is never compared.
package utpwire

import "github.com/etorrent/etorrent/internal/vocab/serial"

const (
	// HeaderBytes is the least that a packet has.
	HeaderBytes = 20
	// HeadersOfIPv4 is how many bytes IP and UDP have before a packet.
	HeadersOfIPv4 = 28
	// HeadersOfIPv6 is the same of IPv6.
	HeadersOfIPv6 = 48
	// version is the low nibble of the first byte.
	version = 1
)

// Kind says what a packet is for; its value is the one on the wire.
type Kind uint8

// The kinds. Data, Fin and Syn take a number; State and Reset have the one that
// comes next, and do not take it.
const (
	Data  Kind = iota // payload
	Fin               // no number after this one will be used
	State             // nothing but an acknowledgement
	Reset             // its sender knows of no such connection
	Syn               // asks for a connection
	kinds             // how many there are
)

// String names the kind in the words of BEP 29.
func (k Kind) String() string {
	switch k {
	case Data:
		return "ST_DATA"
	case Fin:
		return "ST_FIN"
	case State:
		return "ST_STATE"
	case Reset:
		return "ST_RESET"
	case Syn:
		return "ST_SYN"
	case kinds:
	}
	return "no kind"
}

// ConnID is half of what names a connection; the other half is the address. Who
// asks for one draws it, and receives by it; packets to the other end have the next
// number, but for a Syn.
type ConnID uint16

// Next is the id of the other direction. Ids wrap.
func (c ConnID) Next() ConnID { return c + 1 }

// Previous is the id whose next one is c.
func (c ConnID) Previous() ConnID { return c - 1 }

// Header has the fields that every packet has.
type Header struct {
	Kind   Kind
	ID     ConnID
	Stamp  Stamp
	Delay  Delay
	Window uint32 // in bytes; that of a Syn means nothing
	Seq    serial.Number
	Ack    serial.Number // the last that came in order; that of a Syn means nothing
}

// Denied is the Reset that answers a packet of no connection: by its id, and with its number,
// which show that it was seen.
func (h *Header) Denied(now Stamp) Header {
	return Header{Kind: Reset, ID: h.ID, Stamp: now, Seq: h.Ack.Next(), Ack: h.Seq}
}

// Packet is what Parse describes.
type Packet struct {
	Header
	Mask    SelectiveAck // empty: there was none
	Payload []byte       // of kinds other than Data and Fin it means nothing
}
