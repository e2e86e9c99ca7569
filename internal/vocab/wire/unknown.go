package wire

// Unknown: length, id, anything. A message that an extension brought along is
// skipped, so that its sender can be a peer all the same.

// viewUnknownLength judges the length of an unknown message.
func viewUnknownLength(length uint32) Fault {
	if length > signalHead-prefixBytes+MaxUnknownBytes {
		return FrameTooLong
	}
	return NoFault
}

func (m *Message) appendUnknown(dst []byte) []byte {
	return append(append(dst, m.ID), m.Payload...)
}
