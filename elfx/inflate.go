package elfx

import (
	"errors"
	"fmt"
	"io"
)

// readChunk is how much is decompressed between two looks at the context.
const readChunk = 1 << 20

// growth bounds the first allocation for a stream to a multiple of its size, whatever its header
// or trailer claims. Real kernels and modules stay below it.
const growth = 8

// maxHint bounds the first allocation altogether: an unpacked vmlinux is below 100 MiB.
const maxHint = 256 << 20

// inflate decompresses the stream in src, which unpacks to about hint bytes: no more than growth
// times the input at hand. single says that something else may follow the stream, otherwise it
// must end where src does.
func (x *extraction) inflate(c *codec, src io.Reader, hint int64, single bool) ([]byte, error) {
	r, err := c.open(src, x.budget, single)
	if err != nil {
		return nil, x.streamError(c, 0, err)
	}
	if closer, ok := r.(io.Closer); ok {
		defer closer.Close()
	}
	// One byte more than expected, so that the end is seen without growing.
	out := make([]byte, 0, max(min(hint, x.budget.left, maxHint), 4<<10)+1)
	for {
		if err := x.ctx.Err(); err != nil {
			return nil, err
		}
		if len(out) == cap(out) {
			out = append(out, 0)[:len(out)]
		}
		end := min(cap(out), len(out)+readChunk)
		n, err := r.Read(out[len(out):end])
		out = out[:len(out)+n]
		if err := x.budget.take(int64(n)); err != nil {
			return nil, fmt.Errorf("%s stream: %w", c.name, err)
		}
		if err == io.EOF || err != nil && single && len(out) > 0 && c.ended != nil && c.ended(err) {
			return out, nil
		}
		if err != nil {
			return nil, x.streamError(c, len(out), err)
		}
	}
}

// streamError says how far a stream could be read. A decoder's complaint means corrupt data.
func (x *extraction) streamError(c *codec, done int, err error) error {
	if wantsWindow(err) {
		return fmt.Errorf("%s stream: %w: %w above the limit of Limits.MaxWindow (%d bytes)",
			c.name, ErrTooLarge, errWindow, x.budget.window)
	}
	if errors.Is(err, ErrUnsupported) || errors.Is(err, ErrCorrupt) {
		return fmt.Errorf("%s stream: %w", c.name, err)
	}
	return fmt.Errorf("%s stream: %w after %d bytes out: %w", c.name, ErrCorrupt, done, noEOF(err))
}

// The trailer of a signed module: struct module_signature and a marker (the kernel's
// include/linux/module_signature.h). The length of the signature is big-endian.
const (
	signatureMarker = "~Module signature appended~\n"
	signatureInfo   = 12 // algo, hash, id_type, signer_len, key_id_len, 3 bytes of padding, sig_len
)

// unsignedSize returns the size of the input without a signature at its end. An ELF file may keep
// it, since nothing in the headers points there; a compressed stream must end where it ends.
func unsignedSize(in *input) (int64, error) {
	const trailer = signatureInfo + int64(len(signatureMarker))
	if in.size < trailer {
		return in.size, nil
	}
	b, err := in.view(in.size-trailer, trailer)
	if err != nil || string(b[signatureInfo:]) != signatureMarker {
		return in.size, err
	}
	sig := int64(b[8])<<24 | int64(b[9])<<16 | int64(b[10])<<8 | int64(b[11])
	if sig > in.size-trailer {
		return in.size, nil
	}
	return in.size - trailer - sig, nil
}
