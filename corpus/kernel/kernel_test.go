package kernel_test

import (
	"encoding/binary"
	"fmt"
	"log"
	"sync"
	"testing"

	"github.com/btfkit/btfkit/corpus/kernel"
)

func Example() {
	raw, err := kernel.Bytes()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s: %d bytes, magic %#x\n", kernel.Name, len(raw), binary.LittleEndian.Uint16(raw))
	// Output: deb-7.2-amd64/vmlinux: 5440252 bytes, magic 0xeb9f
}

func TestBytesOnce(t *testing.T) {
	var wg sync.WaitGroup
	first := make([]*byte, 8)
	for i := range first {
		wg.Go(func() {
			raw, err := kernel.Bytes()
			if err != nil {
				t.Error(err)
				return
			}
			first[i] = &raw[0]
		})
	}
	wg.Wait()
	for i, p := range first {
		if p != first[0] {
			t.Errorf("call %d decompressed again", i)
		}
	}
}
