// A program outside of the repository that opens BTF in all backends.
package main

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/btfkit/btfkit/backends/arena"
	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/elfx"
)

func main() {
	dir, err := os.MkdirTemp("", "outside")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	path := filepath.Join(dir, "vmlinux")
	if err := os.WriteFile(path, btftest.Kernel(nil), 0o600); err != nil {
		log.Fatal(err)
	}
	file, err := elfx.ExtractFile(context.Background(), path, nil)
	if err != nil {
		log.Fatal(err)
	}
	show("cache")(cache.Parse(file.BTF, nil))
	show("mmap")(mmap.Open(path, nil))
	show("arena")(arena.Open(path, nil))
}

func show(name string) func(*btf.Spec, error) {
	return func(spec *btf.Spec, err error) {
		if err != nil {
			log.Fatalf("%s: %v", name, err)
		}
		defer spec.Close()
		skb, err := spec.TypeByName("sk_buff", btf.KindStruct)
		if err != nil {
			log.Fatalf("%s: %v", name, err)
		}
		size, _ := skb.Size()
		fmt.Printf("%s: %s has %d bytes\n", name, skb.Name(), size)
	}
}
