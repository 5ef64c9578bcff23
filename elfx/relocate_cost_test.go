package elfx

import (
	"encoding/binary"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
)

// structs returns BTF of n structs with the name offsets, whose sizes differ.
func structs(n int, strs string, nameOffset func(i int) int) []byte {
	order := binary.LittleEndian
	data := []byte{0x9f, 0xeb, 1, 0}
	for _, word := range []int{24, 0, 12 * n, 12 * n, len(strs)} {
		data = order.AppendUint32(data, uint32(word))
	}
	for i := range n {
		data = order.AppendUint32(data, uint32(nameOffset(i)))
		data = order.AppendUint32(data, uint32(btf.KindStruct)<<24)
		data = order.AppendUint32(data, uint32(i))
	}
	return append(data, strs...)
}

// TestRelocateHostileNames has long names that many types share, or that lie in each other. Reading
// the name of each type would take many minutes; the deadline is for that alone.
func TestRelocateHostileNames(t *testing.T) {
	const n = 400_000
	long := "\x00" + strings.Repeat("a", 12*n) + "\x00"
	shared := structs(n, long, func(int) int { return 1 })
	nested := structs(n, long, func(i int) int { return 1 + 12*i })
	short := structs(n, long+"one\x00", func(int) int { return len(long) })
	one := structs(1, "\x00one\x00", func(int) int { return 1 })
	longOne := structs(1, long, func(int) int { return 1 })
	for _, test := range []struct {
		name              string
		distilled, kernel []byte
		is                error
	}{
		{"shared", shared, shared, nil},
		{"nested", nested, nested, btf.ErrUnsupported},
		{"shared in the distilled base", shared, one, ErrMismatch},
		{"nested in the distilled base", nested, one, btf.ErrUnsupported},
		{"shared in the kernel", longOne, shared, nil},
		{"nested in the kernel", longOne, nested, btf.ErrUnsupported},
		{"nested in the kernel, for a short name", one, nested, ErrMismatch},
		{"short", short, short, nil},
	} {
		t.Run(test.name, func(t *testing.T) {
			kernel := parse(t, test.kernel, nil)
			module := build(t, parse(t, test.distilled, nil), func(b *builder.Builder) { b.Ptr(1) })
			within(t, func() {
				_, err := Relocate(t.Context(), module, test.distilled, kernel)
				if !errors.Is(err, test.is) {
					t.Errorf("error %.2000v, want %v", err, test.is)
				}
				if err != nil && len(err.Error()) > 1000 {
					t.Errorf("error of %d bytes", len(err.Error()))
				}
			})
		})
	}
}

// BenchmarkHostile relocates n, 2n and 4n structs that share one long name. btftest has the like
// for what package btf does.
func BenchmarkHostile(b *testing.B) {
	const n = 2500
	for _, n := range []int{n, 2 * n, 4 * n} {
		long := "\x00" + strings.Repeat("a", 12*n) + "\x00"
		shared := structs(n, long, func(int) int { return 1 })
		b.Run(fmt.Sprintf("query=Relocate/n=%d", n), func(b *testing.B) {
			kernel, err := btf.Parse(shared, nil)
			if err != nil {
				b.Fatal(err)
			}
			out := builder.New(builder.Options{Base: kernel})
			out.Ptr(1)
			module, err := out.Bytes()
			if err != nil {
				b.Fatal(err)
			}
			for b.Loop() {
				if _, err := Relocate(b.Context(), module, shared, kernel); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

// TestRelocateLongNames matches names on either side of the length up to which all are read.
func TestRelocateLongNames(t *testing.T) {
	var names []string
	for _, n := range []int{1, shortName - 1, shortName, shortName + 1, shortName + 2, 300} {
		names = append(names, strings.Repeat("x", n), strings.Repeat("x", n-1)+"y")
	}
	for _, from := range [][]string{names, names[:2], names[4:8]} {
		kernel := parse(t, build(t, nil, func(b *builder.Builder) {
			for _, name := range names {
				b.Struct(name, 4)
			}
			b.Struct(strings.Repeat("x", 301), 4)
		}), nil)
		base := build(t, nil, func(b *builder.Builder) {
			for _, name := range from {
				b.Struct(name, 4)
			}
		})
		module := build(t, parse(t, base, nil), func(b *builder.Builder) {
			for i := range from {
				b.Ptr(btf.TypeID(1 + i))
			}
		})
		relocated, err := Relocate(t.Context(), module, base, kernel)
		if err != nil {
			t.Fatal(err)
		}
		i := 0
		for _, ptr := range parse(t, relocated, kernel).Own().All() {
			if got := ptr.Target().Name(); got != from[i] {
				t.Errorf("pointer %d to %s, want %s", i, got, from[i])
			}
			i++
		}
	}
}

// TestRelocateErrorLength has the longest mismatches that there are.
func TestRelocateErrorLength(t *testing.T) {
	name := strings.Repeat("\xff", 1000)
	base := build(t, nil, func(b *builder.Builder) {
		for range 100 {
			b.Struct(name, 1<<32-1)
		}
	})
	kernel := parse(t, base, nil)
	module := build(t, kernel, func(b *builder.Builder) { b.Ptr(1) })
	_, err := Relocate(t.Context(), module, base, kernel)
	if !errors.Is(err, ErrMismatch) || len(err.Error()) > 1000 ||
		strings.Count(err.Error(), "(type ") != maxMismatches {
		t.Errorf("error %v", err)
	}
}
