package elfx_test

import (
	"context"
	"errors"
	"fmt"

	"github.com/btfkit/btfkit/elfx"
)

// What a file is shows in its bytes: here an x86 kernel image with zstd in it.
func ExampleReadFile() {
	data, err := elfx.ReadFile(context.Background(), "testdata/images/bzImage-zstd", nil)
	if err != nil {
		fmt.Println(err)
		return
	}
	fmt.Println(data.Format, data.ByteOrder, len(data.BTF), "bytes")
	// Output: bzImage/zstd/ELF64 LittleEndian 153 bytes
}

// A file without BTF is told apart from one that cannot be read.
func ExampleReadFile_noBTF() {
	_, err := elfx.ReadFile(context.Background(), "testdata/images/bzImage-nobtf", nil)
	fmt.Println(errors.Is(err, elfx.ErrNoBTF))
	var e *elfx.Error
	if errors.As(err, &e) {
		fmt.Println(e.Format)
		fmt.Println(e.Err)
	}
	// Output:
	// true
	// bzImage/zstd/ELF64
	// no BTF: no .BTF among 4 sections: the file was built without BTF
}

// Limits are for callers whose input comes from others.
func ExampleOptions() {
	opts := &elfx.Options{MaxSize: 100_000}
	_, err := elfx.ReadFile(context.Background(), "testdata/images/bzImage-gzip", opts)
	fmt.Println(errors.Is(err, elfx.ErrTooLarge))
	// Output: true
}
