package mmap_test

import (
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
)

// A file of BTF, usually /sys/kernel/btf/vmlinux, is mapped until Close. Names stay.
func Example() {
	dir, err := os.MkdirTemp("", "mmap")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "vmlinux")
	if err := os.WriteFile(path, btftest.Kernel(nil), 0o600); err != nil {
		log.Fatal(err)
	}

	spec, err := mmap.Open(path, nil)
	if err != nil {
		log.Fatal(err)
	}
	fn, err := spec.TypeByName("tcp_sendmsg", btf.KindFunc)
	if err != nil {
		log.Fatal(err)
	}
	name := fn.Name()
	proto := fn.Target()
	for i, p := range proto.Params() {
		typ := p.Target()
		fmt.Println(i, p.Name(), typ.Kind())
	}
	if err := spec.Close(); err != nil {
		log.Fatal(err)
	}
	_, err = spec.TypeByName(name)
	fmt.Println(name, "after Close:", err)
	// Output:
	// 0 sk PTR
	// 1 msg PTR
	// 2 size TYPEDEF
	// tcp_sendmsg after Close: btf: spec is closed
}
