package elfx

import (
	"encoding/binary"
)

// xzFilter is one step of preparation that a block went through before it was compressed.
type xzFilter struct {
	id    uint64
	props []byte
}

// The filters, by their numbers in the format: the library undoes those from delta to SPARC.
const (
	filterDelta = 0x03
	filterSPARC = 0x09
	filterARM64 = 0x0a
	filterRISCV = 0x0b
)

// isUndoneHere says whether the filter is undone here.
func (f xzFilter) isUndoneHere() bool { return f.id == filterARM64 || f.id == filterRISCV }

// isKnown says whether the filter can be undone.
func (f xzFilter) isKnown() bool {
	if !f.isUndoneHere() {
		return filterDelta <= f.id && f.id <= filterSPARC
	}
	align := uint32(4)
	if f.id == filterRISCV {
		align = 2
	}
	return len(f.props) == 0 || len(f.props) == 4 && f.start()%align == 0
}

// start returns the address that the filter took the block's first byte to have.
func (f xzFilter) start() uint32 {
	if len(f.props) < 4 {
		return 0
	}
	return binary.LittleEndian.Uint32(f.props)
}

// undoARM64 turns the absolute addresses in BL and ADRP back to relative ones. Both filters here
// follow xz's own (liblzma/simple, under 0BSD); pos is the address of b.
func undoARM64(b []byte, pos uint32) {
	for ; len(b) >= 4; b, pos = b[4:], pos+4 {
		instr := binary.LittleEndian.Uint32(b)
		switch {
		case instr>>26 == 0x25: // BL
			instr = 0x94000000 | (instr-pos>>2)&0x03ffffff
		case instr&0x9f000000 == 0x90000000: // ADRP
			addr := instr>>29&3 | instr>>3&0x1ffffc
			if (addr+0x020000)&0x1c0000 != 0 {
				continue // farther than 512 MiB: was left alone
			}
			addr -= pos >> 12
			instr = instr&0x9000001f | addr&3<<29 | addr&0x03fffc<<3 | -(addr&0x020000)&0xe00000
		default:
			continue
		}
		binary.LittleEndian.PutUint32(b, instr)
	}
}

// undoRISCV turns the absolute addresses in JAL, and in AUIPC with the instruction behind it, back
// to relative ones.
func undoRISCV(b []byte, pos uint32) {
	for len(b) >= 8 {
		n := 2
		switch {
		case b[0] == 0xef && b[1]&0x0d == 0: // JAL to ra or t0
			undoJAL(b, pos)
			n = 4
		case b[0]&0x7f == 0x17: // AUIPC
			n = undoAUIPC(b, pos)
		}
		b, pos = b[n:], pos+uint32(n)
	}
}

// undoJAL takes the address's bits from their order in a number, which compresses better, back to
// that in the instruction.
func undoJAL(b []byte, pos uint32) {
	addr := uint32(b[1]&0xf0)<<13 | uint32(b[2])<<9 | uint32(b[3])<<1
	addr -= pos
	b[1] = b[1]&0x0f | byte(addr>>8)&0xf0
	b[2] = byte(addr>>16)&0x0f | byte(addr>>7)&0x10 | byte(addr<<4)&0xe0
	b[3] = byte(addr>>4)&0x7f | byte(addr>>13)&0x80
}

// undoAUIPC returns how many bytes are done with. What the filter changed, it marked by making the
// destination x2, the stack pointer, which compilers do not use here; real uses of x0 and x2 it
// exchanged with a form that cannot be the result of a change.
func undoAUIPC(b []byte, pos uint32) int {
	first, second := binary.LittleEndian.Uint32(b), binary.LittleEndian.Uint32(b[4:])
	if first&0xe80 != 0 { // neither x0 nor x2: a pair that was exchanged, or nothing of ours
		if (first<<8^(second-3))&0xf8003 != 0 {
			return 6
		}
		addr := first&0xfffff000 + second>>20
		first, second = 0x17|2<<7|second<<12, addr
	} else {
		register := first >> 27
		if (first-0x3117)<<18 >= register&0x1d {
			return 4
		}
		addr := binary.BigEndian.Uint32(b[4:]) - pos
		first, second = 0x17|register<<7|(addr+0x800)&0xfffff000, first>>12|addr<<20
	}
	binary.LittleEndian.PutUint32(b, first)
	binary.LittleEndian.PutUint32(b[4:], second)
	return 8
}
