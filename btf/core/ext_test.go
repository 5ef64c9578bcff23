package core_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/core"
)

// TestExt reads all three tables, in both byte orders.
func TestExt(t *testing.T) {
	for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
		spec, ext := object(t, order, local, asked{core.FieldByteOffset, "task", "0:1"},
			asked{core.TypeExists, "mode", "0"})
		var got strings.Builder
		for f := range ext.Funcs() {
			fmt.Fprintln(&got, f.Section, f.Offset, f.Func.ID())
		}
		for l := range ext.Lines() {
			fmt.Fprintln(&got, l.Section, l.Offset, l.File, l.Text, l.Line, l.Column)
		}
		for r := range ext.Relocations() {
			fmt.Fprintln(&got, r.Section, r.Offset, r)
		}
		want := "prog 16 1\nprog 24 file.c x = 1; 7 5\n" +
			"prog 0 FIELD_BYTE_OFFSET of [2] STRUCT task, .flags\nprog 8 TYPE_EXISTS of [3] ENUM mode\n"
		if got.String() != want {
			t.Errorf("%v:\n%s\nwant\n%s", order, got.String(), want)
		}
		for range ext.Relocations() {
			break
		}
		spec.Close()
		for r := range ext.Relocations() {
			if !r.Type.IsVoid() {
				t.Errorf("a closed Spec has %v", r.Type)
			}
			if _, err := core.NewResolver(spec).Resolve(r); err == nil {
				t.Error("a relocation of a closed Spec has an answer")
			}
		}
	}
}

// TestParse refuses what is damaged in one place, and says where; and takes what is short.
func TestParse(t *testing.T) {
	spec := parse(t, nil, binary.LittleEndian, func(b *builder.Builder) {
		b.Int("int", 4, btf.Int{Bits: 32})
		b.Intern("prog")
	})
	words := func(ws ...uint32) (data []byte) {
		for _, w := range ws {
			data = binary.LittleEndian.AppendUint32(data, w)
		}
		return data
	}
	relo := []uint32{16, 5, 1, 8, 1, 5, 0} // one section, one record
	good := words(append([]uint32{0x1eb9f, 32, 0, 0, 0, 0, 0, 28}, relo...)...)
	for name, c := range map[string]struct {
		data []byte
		want string // empty: accepted
	}{
		"good":             {good, ""},
		"only a header":    {words(0x1eb9f, 24, 0, 0, 0, 0), ""},
		"longer header":    {words(0x1eb9f, 36, 0, 0, 0, 0, 0, 0, 7), ""},
		"longer records":   {words(0x1eb9f, 24, 0, 0, 0, 32, 20, 5, 1, 8, 5, 5, 0, 99), ""},
		"empty":            {nil, "no .BTF.ext header"},
		"cut":              {good[:23], "no .BTF.ext header"},
		"other order":      {words(0x9feb0100, 24, 0, 0, 0, 0), "magic"},
		"version":          {words(0x2eb9f, 24, 0, 0, 0, 0), "version 2"},
		"flags":            {words(0x101eb9f, 24, 0, 0, 0, 0), "flags 0x1"},
		"header too short": {words(0x1eb9f, 20, 0, 0, 0, 0), "header length 20"},
		"header too long":  {words(0x1eb9f, 28, 0, 0, 0, 0), "header length 28"},
		"table cut":        {good[:len(good)-4], "28 bytes at offset 32"},
		"table unaligned":  {words(0x1eb9f, 24, 2, 4, 0, 0, 8<<16, 0), "offset 26"},
		"record too short": {words(0x1eb9f, 24, 0, 4, 0, 0, 4), "records of 4 bytes"},
		"record unaligned": {words(0x1eb9f, 24, 0, 4, 0, 0, 9), "records of 9 bytes"},
		"no records":       {words(0x1eb9f, 24, 0, 12, 0, 0, 8, 5, 0), "0 records"},
		"too many records": {words(0x1eb9f, 24, 0, 20, 0, 0, 8, 5, 1<<31, 0, 0), "2147483648 records"},
		"half a section":   {words(0x1eb9f, 24, 0, 8, 0, 0, 8, 5), "no head of a section"},
		"section's name":   {words(0x1eb9f, 24, 0, 20, 0, 0, 8, 500, 1, 0, 0), "no string at 0x1f4"},
		"type":             {words(0x1eb9f, 24, 0, 20, 0, 0, 8, 5, 1, 0, 2), "no type 2"},
		"line's file":      {words(0x1eb9f, 24, 0, 0, 0, 28, 16, 5, 1, 0, 500, 5, 0), "no string"},
		"access":           {append(bytes.Clone(good[:52]), words(500, 0)...), "no string at 0x1f4"},
	} {
		ext, err := core.Parse(c.data, spec)
		var format *btf.FormatError
		switch {
		case c.want == "" && err == nil:
			for range ext.Lines() {
			}
		case c.want == "" || err == nil, !strings.Contains(err.Error(), c.want),
			!errors.As(err, &format):
			t.Errorf("%s: %v, want %s", name, err, c.want)
		}
	}
}
