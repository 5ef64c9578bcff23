package btftest_test

import (
	"encoding/binary"
	"log"
	"os"

	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
)

func ExampleHex() {
	b := builder.New(builder.Options{ByteOrder: binary.BigEndian})
	b.Ptr(0)
	data, err := b.Bytes()
	if err != nil {
		log.Fatal(err)
	}
	if err := btftest.Hex(os.Stdout, data, nil); err != nil {
		log.Fatal(err)
	}
	// Output:
	// header
	// 000000  eb 9f                        magic, BigEndian
	// 000002  01                           version 1
	// 000003  00                           flags 0
	// 000004  00 00 00 18                  hdr_len 24
	// 000008  00 00 00 00                  type_off 0
	// 00000c  00 00 00 0c                  type_len 12
	// 000010  00 00 00 0c                  str_off 12
	// 000014  00 00 00 01                  str_len 1
	// types
	// 000018  00 00 00 00                  [1] name_off 0 ""
	// 00001c  02 00 00 00                    info PTR, vlen 0
	// 000020  00 00 00 00                    type 0
	// strings
	// 000024  00                           0 ""
}
