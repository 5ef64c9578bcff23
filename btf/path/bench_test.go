package path_test

import (
	"os"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/path"
)

// BenchmarkResolve resolves paths of the running kernel's structs, the second one the last of a
// large struct, without and with a Resolver's tables.
func BenchmarkResolve(b *testing.B) {
	data, err := os.ReadFile("/sys/kernel/btf/vmlinux")
	if err != nil {
		b.Skip(err)
	}
	spec, err := btf.Parse(data, nil)
	if err != nil {
		b.Fatal(err)
	}
	var r path.Resolver
	for _, c := range [][2]string{
		{"inet_connection_sock", "icsk_inet.sk.__sk_common.skc_dport"}, {"task_struct", "thread.sp"},
		{"sk_buff", "dev->name[3]"},
	} {
		root, err := spec.TypeByName(c[0], btf.KindStruct)
		if err != nil {
			b.Fatal(err)
		}
		if _, err := path.Resolve(root, c[1]); err != nil {
			b.Fatal(err)
		}
		b.Run("scan/"+c[1], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				path.Resolve(root, c[1])
			}
		})
		b.Run("tables/"+c[1], func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				r.Resolve(root, c[1])
			}
		})
	}
}
