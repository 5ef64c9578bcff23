package mutate

import (
	"encoding/binary"
	"slices"
)

// RecordSize is the number of bytes in which the input of [Damage] describes one edit.
const RecordSize = 8

// maxRecords is how many edits Damage applies at most.
const maxRecords = 16

// Damage edits image in place, as the input of a coverage-guided fuzzer says, which can then damage
// a whole kernel with a few bytes. Any input has a meaning: each record of [RecordSize] bytes is
// one edit, little-endian:
//
//	slot u32   which word, modulo the number of words (or byte, when truncating)
//	op   u8    an entry of a dictionary of operations, modulo its length
//	     u8    unused, so that raw is aligned
//	raw  u16   the operation's argument
//
// Damage ignores what is left over at the end, and anything beyond 16 records. It returns the
// bytes to read, which are shorter than image if an edit truncates it, and a function that undoes
// all edits. From o it takes what is known of the base.
func Damage(image []byte, o *Options, input []byte) (data []byte, undo func()) {
	data = image
	var before []saved
	for _, e := range decode(image, o, input) {
		edited, b := e.apply(image)
		if e.op == truncate {
			data = edited // the last one counts
		}
		before = append(before, b)
	}
	return data, func() {
		for _, b := range slices.Backward(before) {
			b.restore(image)
		}
	}
}

// decode reads a list of edits. They follow from image as it is before the first.
func decode(image []byte, o *Options, input []byte) []Edit {
	n := min(len(input)/RecordSize, maxRecords)
	words := len(image) / 4
	if n == 0 || words == 0 {
		return nil
	}
	edits := make([]Edit, 0, n)
	ord := byteOrderOf(image)
	for ; n > 0; n-- {
		slot := binary.LittleEndian.Uint32(input)
		code, raw := input[4], uint32(binary.LittleEndian.Uint16(input[6:]))
		at := int(slot%uint32(words)) * 4
		e := Edit{op: setWord, offset: at, value: operation(ord.Uint32(image[at:]), code, raw, o)}
		switch code % operations {
		case opTruncate:
			e = Edit{op: truncate, offset: int(slot % uint32(len(image)))}
		case opFlip:
			e = Edit{op: flip, offset: at + int(raw>>3&3), value: raw & 7}
		}
		edits = append(edits, e)
		input = input[RecordSize:]
	}
	return edits
}

// The dictionary of Damage. Its order is part of the meaning of saved inputs: append only.
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

func operation(old uint32, code byte, raw uint32, o *Options) uint32 {
	if o == nil {
		o = new(Options)
	}
	signed := uint32(int32(int16(raw)))
	switch code % operations {
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
