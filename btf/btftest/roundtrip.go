package btftest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/dump"
	"github.com/btfkit/btfkit/btf/store"
)

// RoundTrip checks what builder.From promises, on a section that is split from base, or
// stands alone if base is nil. A copy must have the same types, and the same bytes if the
// section has the layout that a Builder writes. Swapping the byte order twice must give the
// same. Swapping it once, or rebuilding the strings, must give the same Dump. From may
// refuse a section with unknown kinds or references to types that do not exist, but need
// not. RoundTrip returns an error that says which promise is broken, or that data cannot be
// opened. It costs about as much as five dumps.
func RoundTrip(data []byte, base *btf.Spec) error {
	spec, err := btf.Parse(data, base)
	if err != nil {
		return err
	}
	defer spec.Close()
	copied, err := builder.From(spec, builder.CopyOptions{}).Bytes()
	switch {
	case err != nil && mayRefuse(spec):
		return nil
	case err != nil:
		return fmt.Errorf("copy of a sound section: %w", err)
	case isCanonical(spec, len(data)) && !bytes.Equal(copied, data):
		return errors.New("copy of a canonical section: other bytes")
	}
	if err := sameSection(copied, spec); err != nil {
		return fmt.Errorf("copy: %w", err)
	}
	if err := swapTwice(copied, spec); err != nil {
		return fmt.Errorf("swapped: %w", err)
	}
	if err := rebuildTwice(spec); err != nil {
		return fmt.Errorf("new strings: %w", err)
	}
	return nil
}

// mayRefuse reports whether a Builder has reason to refuse the own section of spec.
func mayRefuse(spec *btf.Spec) bool {
	h := store.SectionOf(spec).Header()
	if h.UnknownTail || h.Layout.Len%4 != 0 || spec.Verify() != nil {
		return true
	}
	for _, t := range spec.Own().All() {
		if t.IsOpaque() {
			return true
		}
	}
	return false
}

// isCanonical reports whether the section of size bytes is laid out as a Builder does:
// the shortest header, types, layout, strings, and nothing else.
func isCanonical(spec *btf.Spec, size int) bool {
	h := store.SectionOf(spec).Header()
	length := uint32(24)
	if h.Layout.Len != 0 {
		length = 32
	}
	types := int64(length)
	layout := types + int64(h.Types.Len)
	strs := layout + int64(h.Layout.Len)
	return h.Len == length && h.Types.Off == types && h.Strings.Off == strs &&
		(h.Layout.Len == 0 || h.Layout.Off == layout) && strs+int64(h.Strings.Len) == int64(size)
}

// sameSection checks that data has the records and strings of want.
func sameSection(data []byte, want *btf.Spec) error {
	got, err := btf.Parse(data, want.Base())
	if err != nil {
		return err
	}
	defer got.Close()
	gotStrs, gotStart := store.SectionOf(got).Strings()
	wantStrs, wantStart := store.SectionOf(want).Strings()
	if gotStrs != wantStrs || gotStart != wantStart {
		return fmt.Errorf("strings of %d bytes from %d on, want %d from %d on",
			len(gotStrs), gotStart, len(wantStrs), wantStart)
	}
	gotSec, wantSec := store.SectionOf(got), store.SectionOf(want)
	if gotSec.Len() != wantSec.Len() {
		return fmt.Errorf("%d types, want %d", gotSec.Len(), wantSec.Len())
	}
	for i := range wantSec.Len() {
		a := store.RecordOf(gotSec.TypeAt(i)).Bytes
		b := store.RecordOf(wantSec.TypeAt(i)).Bytes
		if a != b {
			return fmt.Errorf("%v: record % x, want % x", wantSec.TypeAt(i), a, b)
		}
	}
	return nil
}

func swapTwice(copied []byte, spec *btf.Spec) error {
	order, other := spec.ByteOrder(), binary.ByteOrder(binary.BigEndian)
	if order == other {
		other = binary.LittleEndian
	}
	swapped, err := copyAs(spec, builder.CopyOptions{ByteOrder: other})
	if err != nil {
		return err
	}
	defer swapped.Close()
	if swapped.ByteOrder() != other {
		return fmt.Errorf("byte order %v", swapped.ByteOrder())
	}
	back, err := builder.From(swapped, builder.CopyOptions{ByteOrder: order}).Bytes()
	if err != nil {
		return err
	}
	if !bytes.Equal(back, copied) {
		return errors.New("other bytes after the second time")
	}
	return sameDump(swapped, spec)
}

func rebuildTwice(spec *btf.Spec) error {
	rebuilt, err := copyAs(spec, builder.CopyOptions{RebuildStrings: true})
	if err != nil {
		return err
	}
	defer rebuilt.Close()
	again, err := copyAs(rebuilt, builder.CopyOptions{RebuildStrings: true})
	if err != nil {
		return err
	}
	defer again.Close()
	a, _ := store.SectionOf(rebuilt).Strings()
	if b, _ := store.SectionOf(again).Strings(); a != b {
		return fmt.Errorf("%d bytes of strings became %d", len(a), len(b))
	}
	return sameDump(rebuilt, spec)
}

func copyAs(spec *btf.Spec, o builder.CopyOptions) (*btf.Spec, error) {
	data, err := builder.From(spec, o).Bytes()
	if err != nil {
		return nil, err
	}
	return btf.Parse(data, spec.Base())
}

// sameDump compares the own types of two specs as dump.Raw shows them. An empty name may have
// moved to offset 0, where Raw takes it for none.
func sameDump(got, want *btf.Spec) error {
	var a, b strings.Builder
	if err := errors.Join(dump.Raw(&a, got.Own()), dump.Raw(&b, want.Own())); err != nil {
		return err
	}
	if a.String() == b.String() {
		return nil
	}
	unnamed := strings.NewReplacer("''", "'(anon)'")
	gotLines := strings.Split(unnamed.Replace(a.String()), "\n")
	wantLines := strings.Split(unnamed.Replace(b.String()), "\n")
	if slices.Equal(gotLines, wantLines) {
		return nil
	}
	for i, line := range wantLines {
		if i >= len(gotLines) || gotLines[i] != line {
			return fmt.Errorf("line %d of the dump is not %q", i+1, line)
		}
	}
	return fmt.Errorf("%d lines of dump, want %d", len(gotLines), len(wantLines))
}
