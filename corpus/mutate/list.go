package mutate

import "encoding/binary"

// RecordSize is the number of bytes that [Decode] turns into one edit, and MaxRecords the number
// of edits that it stops at.
const (
	RecordSize = 8
	MaxRecords = 16
)

// Decode reads a list of edits of blob from the input of a coverage-guided fuzzer, which can then
// damage a whole kernel with inputs of a few bytes. Any input has a meaning: each record of
// [RecordSize] bytes is one edit, little-endian:
//
//	slot u32   which word, modulo the number of words (or byte, when truncating)
//	op   u8    an entry of a dictionary of operations, modulo its length
//	     u8    unused, so that raw is aligned
//	raw  u16   the operation's argument
//
// What is left over at the end, and anything beyond [MaxRecords], is ignored. The edits follow
// from blob as it is now: decode, then apply them in order and undo them in the reverse order.
func Decode(blob []byte, o *Options, input []byte) []Edit {
	n := min(len(input)/RecordSize, MaxRecords)
	words := len(blob) / 4
	if n == 0 || words == 0 {
		return nil
	}
	edits := make([]Edit, 0, n)
	ord := order(blob)
	for ; n > 0; n-- {
		slot := binary.LittleEndian.Uint32(input)
		op, raw := input[4], uint32(binary.LittleEndian.Uint16(input[6:]))
		at := int(slot%uint32(words)) * 4
		e := Edit{Op: Word, Offset: at, Value: operation(ord.Uint32(blob[at:]), op, raw, o)}
		switch op % operations {
		case opTruncate:
			e = Edit{Op: Truncate, Offset: int(slot % uint32(len(blob)))}
		case opFlip:
			e = Edit{Op: Flip, Offset: at + int(raw>>3&3), Value: raw & 7}
		}
		edits = append(edits, e)
		input = input[RecordSize:]
	}
	return edits
}

// The dictionary of Decode. Its order is part of the meaning of saved inputs: append only.
const (
	opRaw       = iota // the argument
	opRawSigned        // the argument, sign-extended: small negative numbers
	opAdd              // plus the argument, sign-extended
	opNegate
	opKind // the argument as the kind of an info word
	opVlen // the argument as vlen, shifted by its top bit to reach 24 bits
	opFlag // the other kind_flag
	opBaseID
	opBaseString
	opFlip
	opTruncate
	operations
)

func operation(old uint32, op byte, raw uint32, o *Options) uint32 {
	if o == nil {
		o = new(Options)
	}
	signed := uint32(int32(int16(raw)))
	switch op % operations {
	case opRaw:
		return raw
	case opRawSigned:
		return signed
	case opAdd:
		return old + signed
	case opNegate:
		return -old
	case opKind:
		return old&^(0x7f<<24) | raw&0x7f<<24
	case opVlen:
		return old&^0xffffff | raw&0x7fff<<(raw>>15*9)
	case opFlag:
		return old ^ 1<<31
	case opBaseID:
		return o.BaseTypes + signed
	case opBaseString:
		return o.BaseStrings + signed
	}
	return old
}
