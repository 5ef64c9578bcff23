package elfx

import (
	"fmt"
	"io"
)

// input is a file, a part of one, or a decompressed layer.
type input struct {
	r    io.ReaderAt
	size int64
	mem  []byte // the whole input if it is in memory, else nil
	// shared says that mem belongs to the caller, whose slices may be handed back. A layer that
	// was decompressed here is not shared, so that a section does not keep all of it alive.
	shared bool
	// origin is where in the file this input begins, or -1 if it was unpacked.
	origin int64
}

// unpacked makes an input of decompressed bytes.
func unpacked(b []byte) *input { return &input{size: int64(len(b)), mem: b, origin: -1} }

// part makes an input of n bytes at off, which are inside the input and in memory.
func (in *input) part(off, n int64) *input {
	return &input{size: n, mem: in.mem[off : off+n : off+n], shared: in.shared, origin: in.at(off)}
}

// at returns where in the file the byte at off lies, or -1 if it was unpacked.
func (in *input) at(off int64) int64 {
	if in.origin < 0 {
		return -1
	}
	return in.origin + off
}

// within says whether n bytes at off lie inside the input. Both may be any value at all.
func (in *input) within(off, n uint64) bool {
	return off <= uint64(in.size) && n <= uint64(in.size)-off
}

// view returns n bytes at off, which are inside the input: a part of mem where there is one, else
// bytes read for the caller. It is for a few bytes; load reads many.
func (in *input) view(off, n int64) ([]byte, error) {
	if in.mem != nil {
		return in.mem[off : off+n : off+n], nil
	}
	b := make([]byte, n)
	return b, in.fill(b, off)
}

// fill reads len(b) bytes at off, which are inside the input and not in memory.
func (in *input) fill(b []byte, off int64) error {
	if got, err := in.r.ReadAt(b, off); got < len(b) {
		return fmt.Errorf("%d bytes at %#x: %w", len(b), off, noEOF(err))
	}
	return nil
}
