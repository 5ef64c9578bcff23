package elfx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"math"
	"slices"

	"github.com/mikelolasagasti/xz"
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

// ours says whether the filter is undone here.
func (f xzFilter) ours() bool { return f.id == filterARM64 || f.id == filterRISCV }

// known says whether the filter can be undone.
func (f xzFilter) known() bool {
	if !f.ours() {
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

// undo fills out with what the LZMA2 data in chunks unpacks to, and undoes the filters from the
// last to the first. The library does as many as it can while it unpacks.
func (x *xzDecoder) undo(filters []xzFilter, chunks []byte, dict byte, out []byte) error {
	left := 1 + lastIndex(filters, xzFilter.ours)
	err := x.unpackLZMA2(filters[left:], bytes.NewReader(chunks), dict, out)
	for err == nil && left > 0 {
		left--
		switch f := filters[left]; f.id {
		case filterARM64:
			undoARM64(out, f.start())
		case filterRISCV:
			undoRISCV(out, f.start())
		default:
			err = x.unpackLZMA2(filters[left:left+1], storedChunks(out), 0, out)
		}
	}
	return err
}

// lastIndex returns the index of the last element that satisfies f, or -1.
func lastIndex(filters []xzFilter, f func(xzFilter) bool) int {
	for i, filter := range slices.Backward(filters) {
		if f(filter) {
			return i
		}
	}
	return -1
}

// unpackLZMA2 fills out with the help of the library.
func (x *xzDecoder) unpackLZMA2(filters []xzFilter, chunks io.Reader, dict byte, out []byte) error {
	in := io.MultiReader(bytes.NewReader(xzHead(filters, dict)), chunks)
	var err error
	if x.library == nil {
		x.library, err = xz.NewReader(in, math.MaxUint32)
	} else {
		err = x.library.Reset(in)
	}
	for len(out) > 0 && err == nil {
		if err := x.ctx.Err(); err != nil {
			return err
		}
		var n int
		n, err = io.ReadFull(x.library, out[:min(step, len(out))])
		out = out[n:]
	}
	if errors.Is(err, xz.ErrOptions) {
		return fmt.Errorf("%w: a filter's properties", ErrUnsupported)
	}
	return err
}

// xzHead encodes what is in front of LZMA2 data: the header of a stream without checksums and that
// of a block with the filters.
func xzHead(filters []xzFilter, dict byte) []byte {
	checked := func(b []byte) []byte {
		return binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE(b))
	}
	block := []byte{0, byte(len(filters))}
	for _, f := range filters {
		block = append(block, byte(f.id), byte(len(f.props)))
		block = append(block, f.props...)
	}
	block = append(block, lzma2ID, 1, dict)
	for len(block)%4 != 0 {
		block = append(block, 0)
	}
	block[0] = byte(len(block) / 4)
	return slices.Concat([]byte(xzMagic), checked([]byte{0, 0}), checked(block))
}

// storedChunks presents bytes as LZMA2 data, not compressed, for a filter that the library has but
// that was applied before one of ours. The library has read each byte before it is written over.
func storedChunks(b []byte) io.Reader {
	var parts []io.Reader
	for chunk := range slices.Chunk(b, 1<<16) {
		head := []byte{1, byte((len(chunk) - 1) >> 8), byte(len(chunk) - 1)}
		parts = append(parts, bytes.NewReader(head), bytes.NewReader(chunk))
	}
	return io.MultiReader(append(parts, bytes.NewReader([]byte{0}))...)
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
