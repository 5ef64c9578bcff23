package fuzz

import (
	"context"
	"errors"
	"fmt"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/elfx"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// extractLimits are caps low enough for a fuzz engine to reach.
var extractLimits = elfx.Options{MaxSize: 1 << 20, MaxRatio: 64, MaxWindow: 1 << 20}

// extractAllocations bounds what extracting may allocate, one after the other and not at once.
// xz and zstd take the window that a stream asks for up to the cap, some of them twice, and lz4
// takes four blocks of 8 MiB; a search tries one stream, and one more for each 64 KiB of 1 MiB
// and twice the input.
func extractAllocations(size int) uint64 {
	attempts := (1<<20+2*uint64(size))>>16 + 1
	return attempts * (uint64(2*extractLimits.MaxWindow) + 32<<20)
}

// checkExtract extracts BTF from data: a value or an error of a known class, within the caps.
// What was extracted opens in every backend with the same verdict.
func checkExtract(data []byte) error {
	before := oracle.Allocated()
	d, err := elfx.ExtractBytes(context.Background(), data, &extractLimits)
	if used := oracle.Allocated() - before; used > extractAllocations(len(data)) {
		return fmt.Errorf("%d bytes allocated for %d", used, len(data))
	}
	if (d == nil) == (err == nil) {
		return fmt.Errorf("neither data nor an error, or both: %v", err)
	}
	if err != nil {
		return checkExtractError(err)
	}
	if int64(len(d.BTF)) > extractLimits.MaxSize && d.Offset < 0 {
		return fmt.Errorf("%d bytes unpacked, the limit is %d", len(d.BTF), extractLimits.MaxSize)
	}
	if d.Offset >= 0 && string(data[d.Offset:d.Offset+int64(len(d.BTF))]) != string(d.BTF) {
		return fmt.Errorf("BTF is not at offset %d of the file", d.Offset)
	}
	if len(d.BTF) > corpus.SmallSize || d.Base != nil {
		return nil
	}
	in := &oracle.Input{Data: d.BTF}
	in.VaryByData()
	return in.Check()
}

func checkExtractError(err error) error {
	for _, class := range []error{elfx.ErrNoBTF, elfx.ErrTooLarge, elfx.ErrCorrupt,
		elfx.ErrUnsupported, btf.ErrCorrupt, btf.ErrUnsupported} {
		if errors.Is(err, class) {
			return nil
		}
	}
	return fmt.Errorf("an error of no class: %w", err)
}

// FuzzELF extracts BTF from any bytes: ELF files, images, compressed or not.
func FuzzELF(f *testing.F) {
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > corpus.SmallSize {
			t.Skip("large inputs slow the engine down")
		}
		if err := checkExtract(data); err != nil {
			t.Fatal(err)
		}
	})
}

// magics starts a stream of each compression.
var magics = []string{
	"\x1f\x8b\x08", "BZh9\x31\x41\x59\x26\x53\x59", "\x5d\x00\x00\x80\x00", "\xfd7zXZ\x00",
	"\x89LZO\x00\x0d\x0a\x1a\x0a", "\x02\x21\x4c\x18", "\x28\xb5\x2f\xfd",
}

// FuzzDecompress gives the decompressors streams that start as they must, the caps that apply
// to all of them being the same.
func FuzzDecompress(f *testing.F) {
	f.Fuzz(func(t *testing.T, codec byte, stream []byte) {
		if len(stream) > corpus.SmallSize {
			t.Skip("large inputs slow the engine down")
		}
		magic := magics[int(codec)%len(magics)]
		if err := checkExtract(append([]byte(magic), stream...)); err != nil {
			t.Fatalf("% x: %v", magic, err)
		}
	})
}

// FuzzRelocate moves any split blob from any distilled base to any other base: an error, or a
// blob with as many types that opens on the new base.
func FuzzRelocate(f *testing.F) {
	f.Fuzz(func(t *testing.T, module, distilled, base []byte) {
		if len(module)+len(distilled)+len(base) > corpus.SmallSize {
			t.Skip("large inputs slow the engine down")
		}
		target, err := oracle.Backends[0].Parse(base, nil)
		if err != nil || target.Verify() != nil {
			t.Skip("a base that is not sound is for other targets")
		}
		defer target.Close()
		before := oracle.Allocated()
		moved, err := elfx.Relocate(context.Background(), module, distilled, target)
		used, size := oracle.Allocated()-before, uint64(len(module)+len(distilled)+len(base))
		if used > 4<<20+64*size {
			t.Fatalf("%d bytes allocated for %d", used, size)
		}
		if (moved == nil) == (err == nil) {
			t.Fatalf("neither a blob nor an error, or both: %v", err)
		}
		if err == nil {
			checkRelocated(t, module, distilled, moved, target)
		}
	})
}

// checkRelocated compares a relocated blob with the original, type by type, as far as names
// and kinds go; references are compared by the names they lead to.
func checkRelocated(t *testing.T, module, distilled, moved []byte, target *btf.Spec) {
	small, err := oracle.Backends[0].Parse(distilled, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer small.Close()
	old, err := oracle.Backends[0].Parse(module, small)
	if err != nil {
		t.Fatal(err)
	}
	defer old.Close()
	now, err := oracle.Backends[0].Parse(moved, target)
	if err != nil {
		t.Fatalf("the relocated module: %v", err)
	}
	defer now.Close()
	if err := now.Own().Verify(); err != nil {
		t.Fatalf("the relocated module: %v", err)
	}
	if a, b := store.SectionOf(old).Len(), store.SectionOf(now).Len(); a != b {
		t.Fatalf("%d types relocated to %d", a, b)
	}
	for i := range store.SectionOf(old).Len() {
		a, b := store.SectionOf(old).TypeAt(i), store.SectionOf(now).TypeAt(i)
		from := a.Target()
		to := b.Target()
		if a.Kind() != b.Kind() || a.Name() != b.Name() || a.Vlen() != b.Vlen() ||
			from.Name() != to.Name() || from.IsVoid() != to.IsVoid() {
			t.Fatalf("%v of %v relocated to %v of %v", a, from, b, to)
		}
	}
}
