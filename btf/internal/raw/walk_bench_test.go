package raw

import (
	"os"
	"testing"
)

// BenchmarkWalk compares the lanes with the plain loop on the running kernel's BTF.
func BenchmarkWalk(b *testing.B) {
	data, err := os.ReadFile("/sys/kernel/btf/vmlinux")
	if err != nil {
		b.Skip("run on a kernel with CONFIG_DEBUG_INFO_BTF, which has the file:", err)
	}
	header, err := ParseHeader(string(data))
	if err != nil {
		b.Fatal(err)
	}
	types := header.types(string(data))
	for _, test := range []struct {
		name string
		walk func(*walker) error
	}{
		{"loop=lanes", (*walker).walk},
		{"loop=plain", func(w *walker) error { return w.walkPlain(len(w.types)) }},
	} {
		b.Run(test.name, func(b *testing.B) {
			count := uint32(0)
			for b.Loop() {
				w := &walker{types: types, sizes: Builtin.sizes(),
					bigEndian: header.BigEndian, nameEnd: header.StringsLen,
					table: newTableBuilder(len(types))}
				if err := test.walk(w); err != nil {
					b.Fatal(err)
				}
				count = w.table.count
				w.table.finish(Heap{})
			}
			b.ReportMetric(float64(b.Elapsed().Nanoseconds())/float64(b.N)/float64(count), "ns/type")
		})
	}
}
