package btftest

import (
	"encoding/binary"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/builder"
)

// opaqueModule returns BTF split from base, which must be Opaque, with types of the kinds
// that the layout section of the base sizes.
func opaqueModule(base *btf.Spec) []byte {
	b := builder.New(builder.Options{Base: base})
	b.Raw(builder.RawType{Kind: 20, NameOffset: b.Intern("elsewhere"), Trailer: []uint32{3, 4}})
	b.Raw(builder.RawType{Kind: 33, Trailer: []uint32{9}})
	b.Typedef("behind", 1)
	return must(b)
}

// layoutModule returns BTF split from base that has a layout section of its own.
func layoutModule(base *btf.Spec) []byte {
	b := builder.New(builder.Options{Base: base, Layout: true})
	b.Typedef("split_t", 1)
	b.Struct("split", 8, builder.Member{Name: "first", Type: b.NextID() + 1})
	b.Ptr(b.NextID() - 2)
	return must(b)
}

// oldBitfields returns BTF as it was before Linux 4.20, in which INTs carry the offset and the
// width of bitfields.
func oldBitfields(order binary.ByteOrder) []byte {
	b := builder.New(builder.Options{ByteOrder: order})
	number := b.Int("int", 4, btf.Int{Encoding: btf.IntSigned, Bits: 32})
	three := b.Int("unsigned int", 4, btf.Int{Bits: 3})
	five := b.Int("unsigned int", 4, btf.Int{Offset: 3, Bits: 5})
	b.Struct("old", 8, builder.Member{Name: "a", Type: three},
		builder.Member{Name: "b", Type: five},
		builder.Member{Name: "c", Type: three, BitOffset: 8},
		builder.Member{Name: "plain", Type: number, BitOffset: 32})
	return must(b)
}

// longHeader returns BTF whose header is longer than any that is known, with zeros, as a newer
// producer may write it.
func longHeader() []byte {
	return arrange(Tour(builder.Options{}), binary.LittleEndian, 40,
		func(types, strs []byte) ([]byte, int, int) {
			return append(types[:len(types):len(types)], strs...), 0, len(types)
		})
}

// gaps returns BTF whose strings come first, with bytes around each section that belong to none.
func gaps() []byte {
	return arrange(Tour(builder.Options{}), binary.LittleEndian, 24,
		func(types, strs []byte) ([]byte, int, int) {
			body := append([]byte("gap!"), strs...)
			for body = append(body, "gap!"...); len(body)%4 != 0; {
				body = append(body, 0)
			}
			return append(append(body, types...), "gap!"...), len(body), 4
		})
}

// arrange lays out the types and strings of data, which has a header of 24 bytes, in another
// way: behind a header of another length, in the order and at the offsets that f returns.
func arrange(data []byte, order binary.ByteOrder, header int,
	f func(types, strs []byte) (body []byte, typesOff, strsOff int)) []byte {
	typesLen := order.Uint32(data[12:])
	types, strs := data[24:24+typesLen], data[24+typesLen:]
	body, typesOff, strsOff := f(types, strs)
	out := append(make([]byte, 0, header+len(body)), data[:24]...)
	out = append(out, make([]byte, header-24)...)
	order.PutUint32(out[4:], uint32(header))
	order.PutUint32(out[8:], uint32(typesOff))
	order.PutUint32(out[16:], uint32(strsOff))
	return append(out, body...)
}
