package examples

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"

	"github.com/btfkit/btfkit/backends/mmap"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/elfx"
)

// A daemon that follows the modules of its kernel as they are loaded and unloaded.
func Example_daemon() {
	ctx, dir := context.Background(), filepath.Join(root, elfx.SysDir)
	kernel, err := elfx.OpenMirror(ctx, dir, "", elfx.CollectionOptions{Kernel: mmap.Backend{}})
	if err != nil {
		log.Fatal(err)
	}
	defer kernel.Close()
	for _, module := range []func() error{
		func() error { return os.Rename(spare, filepath.Join(dir, "em_nbyte")) }, // modprobe
		func() error { return os.Rename(filepath.Join(dir, "em_nbyte"), spare) }, // rmmod
	} {
		if err := module(); err != nil {
			log.Fatal(err)
		}
		changes, err := kernel.Sync(ctx) // every few seconds, or as udev tells
		if err != nil {
			log.Fatal(err)
		}
		_, err = kernel.TypeByName("em_nbyte_match", btf.KindFunc)
		fmt.Println(changes.Added, changes.Removed, changes.Unchanged, err)
		for _, spec := range changes.Retired {
			spec.Close() // once nobody reads it
		}
	}
	// Output:
	// [em_nbyte] [] 2 <nil>
	// [] [em_nbyte] 2 btf: no FUNC named "em_nbyte_match"
}
