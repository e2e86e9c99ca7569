package wire

// Bitfield (BEP 3): length, id, a bit for each piece with the high bit first.
// Only its length is judged here; pieceset.ViewBitfield looks at the bits.

// viewBitfieldLength judges the number of bytes of a bitfield.
func (l *Limits) viewBitfieldLength(length uint32) Fault {
	most := int64(l.maxBitfield())
	switch l.metadata() {
	case metadataUnknown:
		if int64(length) > most {
			return FrameTooLong
		}
	case metadataKnown:
		if int64(length) != most {
			return BitfieldLengthWrong
		}
	}
	return NoFault
}

func (m *Message) appendBitfield(dst []byte) []byte {
	return append(append(dst, idBitfield), m.Payload...)
}
