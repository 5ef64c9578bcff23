package elfx

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"

	"github.com/klauspost/compress/zstd"
)

// zstd's formats are those of RFC 8878.
const (
	zstdMagic    = "\x28\xb5\x2f\xfd"
	zstdChecksum = 4
)

// isSkippable says whether a frame begins that decoders pass over, as pzstd puts them in front of
// its own. lz4 knows the same.
func isSkippable(head []byte) bool {
	return len(head) >= 8 && head[0]&0xf0 == 0x50 && string(head[1:4]) == "\x2a\x4d\x18"
}

// decodeZstd unpacks frame by frame straight into the output, which is the decoder's history, too:
// decoding as a stream would set up a window besides, 128 MiB for a kernel.
func decodeZstd(s *sink, src []byte, single bool) (int, error) {
	at := 0
	for frames := 0; ; {
		rest := src[at:]
		if !isSkippable(rest) && !bytes.HasPrefix(rest, []byte(zstdMagic)) {
			if frames == 0 {
				return at, fmt.Errorf("%w: no frame", ErrCorrupt)
			}
			return at, nil
		}
		f, err := readZstdFrame(rest)
		at += f.packed
		if f.window > uint64(s.budget.window) {
			return at, errWindow
		}
		if err != nil {
			return at, err
		}
		if f.skip {
			continue
		}
		if err := s.zstdFrame(rest[:f.packed], f); err != nil {
			return at, err
		}
		if frames++; single {
			return at, nil
		}
	}
}

// zstdFrame is what the headers of a frame and of its blocks tell.
type zstdFrame struct {
	packed int   // bytes of the frame
	most   int64 // the most that it unpacks to
	window uint64
	skip   bool
}

// readZstdFrame walks over the blocks of a frame. packed is right also where it fails: how far it
// came.
func readZstdFrame(b []byte) (f zstdFrame, err error) {
	var h zstd.Header
	if err := h.Decode(b); err != nil {
		return f, err
	}
	f.packed, f.skip, f.window = h.HeaderSize, h.Skippable, h.WindowSize
	if h.Skippable {
		return f, f.passOver(b, int(h.SkippableSize))
	}
	if h.DictionaryID != 0 {
		return f, fmt.Errorf("%w: made with dictionary %d", ErrUnsupported, h.DictionaryID)
	}
	for last := false; !last; {
		at := f.packed
		if err := f.passOver(b, 3); err != nil {
			return f, err
		}
		head := int(b[at]) | int(b[at+1])<<8 | int(b[at+2])<<16
		size := head >> 3
		last = head&1 != 0
		switch head >> 1 & 3 {
		case 0: // raw
			f.most += int64(size)
		case 1: // one byte, repeated
			f.most += int64(size)
			size = 1
		default:
			f.most += zstdBlock
		}
		if err := f.passOver(b, size); err != nil {
			return f, err
		}
	}
	if h.HasFCS {
		if h.FrameContentSize > uint64(f.most) {
			return f, fmt.Errorf("%w: frame of at most %d bytes says that it has %d",
				ErrCorrupt, f.most, h.FrameContentSize)
		}
		f.most = int64(h.FrameContentSize)
	}
	if h.HasCheckSum {
		return f, f.passOver(b, zstdChecksum)
	}
	return f, nil
}

// passOver goes on by n bytes of b.
func (f *zstdFrame) passOver(b []byte, n int) error {
	if n > len(b)-f.packed {
		f.packed = len(b)
		return io.ErrUnexpectedEOF
	}
	f.packed += n
	return nil
}

// zstdFrame unpacks a frame behind the output.
func (s *sink) zstdFrame(frame []byte, f zstdFrame) error {
	if err := s.ctx.Err(); err != nil {
		return err
	}
	room := s.budget.unpackable()
	options := []zstd.DOption{zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true),
		zstd.WithDecoderMaxWindow(math.MaxUint32)}
	if f.most > room { // the decoder sees that the limit is reached when it is one block beyond
		options = append(options, zstd.WithDecoderMaxMemory(uint64(max(room, 1))))
	}
	d, err := zstd.NewReader(nil, options...)
	if err != nil {
		return err
	}
	defer d.Close()
	out, err := s.budget.grow(s.out, min(f.most, room+zstdBlock))
	if err != nil {
		return err
	}
	done, err := d.DecodeAll(frame, out)
	if err != nil && f.most > room &&
		(errors.Is(err, zstd.ErrDecoderSizeExceeded) || f.window > uint64(room)) {
		return s.budget.exceeded()
	}
	if err != nil {
		return err
	}
	s.out = done
	return s.budget.spend(int64(len(done) - len(out)))
}
