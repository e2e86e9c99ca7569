package wire

import "encoding/binary"

// Port (BEP 5): length, id, UDP port of the sender's DHT node.

const portHead = signalHead + 2

func (m *Message) viewPort(head []byte) Fault {
	m.DHTPort = binary.BigEndian.Uint16(head[signalHead:])
	return NoFault
}

func (m *Message) appendPort(dst []byte) []byte {
	return binary.BigEndian.AppendUint16(append(dst, idPort), m.DHTPort)
}
