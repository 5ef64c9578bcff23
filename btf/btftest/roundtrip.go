package btftest

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"

	"github.com/btfkit/btfkit/btf"
)

// RoundTrip checks what btf.NewBuilderFrom promises, on a section that is split from base,
// or stands alone if that is nil: copying gives the same types, and the same bytes if
// the section is laid out as a Builder does; so does swapping bytes twice; swapping once,
// or giving it new strings, gives the same Dump. A section that may be refused, because of
// unknown kinds or references to what does not exist, may also be copied right. It
// returns an error that says what is broken, or that data cannot be opened. Its cost is
// that of about five dumps.
func RoundTrip(data []byte, base *btf.Spec) error {
	spec, err := Parse(data, base)
	if err != nil {
		return err
	}
	defer spec.Close()
	copied, err := btf.NewBuilderFrom(spec, btf.CopyOptions{}).Bytes()
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
	h := spec.Section().Header()
	if h.UnknownTail || h.LayoutLen%4 != 0 || spec.Verify() != nil {
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
	h := spec.Section().Header()
	length := uint32(24)
	if h.LayoutLen != 0 {
		length = 32
	}
	types := int64(length)
	layout := types + int64(h.TypesLen)
	strs := layout + int64(h.LayoutLen)
	return h.Len == length && h.TypesOff == types && h.StringsOff == strs &&
		(h.LayoutLen == 0 || h.LayoutOff == layout) && strs+int64(h.StringsLen) == int64(size)
}

// sameSection checks that data has the records and strings of want.
func sameSection(data []byte, want *btf.Spec) error {
	got, err := Parse(data, want.Base())
	if err != nil {
		return err
	}
	defer got.Close()
	gotStrs, gotStart := got.Section().Strings()
	wantStrs, wantStart := want.Section().Strings()
	if gotStrs != wantStrs || gotStart != wantStart {
		return fmt.Errorf("strings of %d bytes from %d on, want %d from %d on",
			len(gotStrs), gotStart, len(wantStrs), wantStart)
	}
	if got.Section().Len() != want.Section().Len() {
		return fmt.Errorf("%d types, want %d", got.Section().Len(), want.Section().Len())
	}
	var a, b []byte
	for i := range want.Section().Len() {
		a = got.Section().TypeAt(i).AppendRecord(a[:0])
		b = want.Section().TypeAt(i).AppendRecord(b[:0])
		if !bytes.Equal(a, b) {
			return fmt.Errorf("%v: record % x, want % x", want.Section().TypeAt(i), a, b)
		}
	}
	return nil
}

func swapTwice(copied []byte, spec *btf.Spec) error {
	order, other := spec.ByteOrder(), binary.ByteOrder(binary.BigEndian)
	if order == other {
		other = binary.LittleEndian
	}
	swapped, err := copyAs(spec, btf.CopyOptions{Order: other})
	if err != nil {
		return err
	}
	defer swapped.Close()
	if swapped.ByteOrder() != other {
		return fmt.Errorf("byte order %v", swapped.ByteOrder())
	}
	back, err := btf.NewBuilderFrom(swapped, btf.CopyOptions{Order: order}).Bytes()
	if err != nil {
		return err
	}
	if !bytes.Equal(back, copied) {
		return errors.New("other bytes after the second time")
	}
	return sameDump(swapped, spec)
}

func rebuildTwice(spec *btf.Spec) error {
	rebuilt, err := copyAs(spec, btf.CopyOptions{RebuildStrings: true})
	if err != nil {
		return err
	}
	defer rebuilt.Close()
	again, err := copyAs(rebuilt, btf.CopyOptions{RebuildStrings: true})
	if err != nil {
		return err
	}
	defer again.Close()
	a, _ := rebuilt.Section().Strings()
	if b, _ := again.Section().Strings(); a != b {
		return fmt.Errorf("%d bytes of strings became %d", len(a), len(b))
	}
	return sameDump(rebuilt, spec)
}

func copyAs(spec *btf.Spec, o btf.CopyOptions) (*btf.Spec, error) {
	data, err := btf.NewBuilderFrom(spec, o).Bytes()
	if err != nil {
		return nil, err
	}
	return Parse(data, spec.Base())
}

// sameDump compares the own types of two specs as Dump shows them.
func sameDump(got, want *btf.Spec) error {
	var a, b strings.Builder
	if err := errors.Join(Dump(&a, got.Own()), Dump(&b, want.Own())); err != nil {
		return err
	}
	if a.String() == b.String() {
		return nil
	}
	gotLines, wantLines := strings.Split(a.String(), "\n"), strings.Split(b.String(), "\n")
	for i, line := range wantLines {
		if i >= len(gotLines) || gotLines[i] != line {
			return fmt.Errorf("line %d of the dump is not %q", i+1, line)
		}
	}
	return fmt.Errorf("%d lines of dump, want %d", len(gotLines), len(wantLines))
}
