package wire

// Extended (BEP 10): length, id, id of an extension message, its body. The
// extension's id is one that its receiver chose, or 0 for the handshake.

const extendedHead = signalHead + 1

// viewExtendedLength judges the length of an Extended message.
func (l *Limits) viewExtendedLength(length uint32) Fault {
	const head = extendedHead - prefixBytes
	switch {
	case length < head:
		return FrameLengthWrong
	case length-head > l.extendedBytes():
		return FrameTooLong
	}
	return NoFault
}

func (m *Message) viewExtendedHead(head []byte) Fault {
	m.ExtID = head[signalHead]
	return NoFault
}

func (m *Message) appendExtended(dst []byte) []byte {
	return append(append(dst, idExtended, m.ExtID), m.Payload...)
}
