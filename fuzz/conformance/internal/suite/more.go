package suite

import (
	"encoding/binary"
	"fmt"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/corpus/synth"
)

// made describes a case that the catalogue does not have. Its number follows those of the rows.
func made(number int, kind, name, rule, reason string, data, base []byte) Case {
	c := Case{
		Name: fmt.Sprintf("%03d-%s", number, name), Kind: kind, Rule: rule, Verdict: Accept,
		Reason: reason, Source: docFile + ": 2. BTF Type and String Encoding",
		Since: observed, Link: link(docFile, observed), Order: "little", Data: data, Base: base,
	}
	if len(data) > 0 && data[0] == 0xeb {
		c.Order = "big"
	}
	return c
}

// refusedBy returns the case as one that a function of the kernel refuses.
func (c Case) refusedBy(function string) Case {
	c.Verdict, c.Source, c.Link = Reject, kernelFile+": "+function, link(kernelFile, observed)
	return c
}

// real makes cases of small blobs that compilers, pahole and kernels wrote.
func real() (cases []Case, err error) {
	for _, b := range corpus.Small() {
		if strings.HasPrefix(b.Name, "local/") {
			continue
		}
		data, err := b.Bytes()
		if err != nil {
			return nil, err
		}
		var under []byte
		if base, ok := b.Base(); ok {
			if base.Size > corpus.SmallSize {
				continue // a whole kernel
			}
			if under, err = base.Bytes(); err != nil {
				return nil, err
			}
		}
		cases = append(cases, made(200, "real", slug(b.Name), "real BTF",
			"compilers, pahole and kernels write it", data, under))
	}
	return cases, nil
}

// oddBlobs are the blobs of package btftest that the kernel has another opinion of, by the row of
// the catalogue.
var oddBlobs = []struct {
	part, why string
	verdict   Verdict
}{
	{"corrupt", "references lead nowhere, rows 42 and 56", Reject},
	{"opaque", "unknown kinds sized by a layout, row 29", Either},
	{"layout-module", "unknown kinds sized by a base's layout, row 29", Either},
	{"mixed-orders", "a split in another byte order, row 24", Either},
	{"gaps", "gaps between sections, row 11", Either},
	{"empty", "no types, row 17", Either},
	{"names", "names on kinds that have none, row 61", Either},
}

// synthetic makes cases of the blobs of package btftest.
func synthetic() (cases []Case, err error) {
	for _, b := range btftest.Blobs() {
		var under []byte
		if b.Base != nil {
			if b.Base.Base != nil {
				continue // a case has one base
			}
			under = b.Base.Data
		}
		c := made(300, "synthetic", b.Name, "every form of type", "it is well-formed", b.Data, under)
		for _, odd := range oddBlobs {
			if strings.HasPrefix(b.Name, odd.part) || strings.HasSuffix(b.Name, odd.part) {
				c.Verdict, c.Reason = odd.verdict, odd.why
			}
		}
		switch {
		case b.Name == "empty-module", b.Name == "empty-module-big-endian":
			c.Verdict, c.Reason = Accept, "a module may add nothing, row 102"
		case b.Name == "wide-vlen":
			c.Since = "7.2"
		case b.Name == "tour-layout":
			c.Since = "7.1"
		}
		cases = append(cases, c)
	}
	return cases, nil
}

// generated makes cases of package synth, of a sound blob that ends too early, and of values at
// their bounds.
func generated() ([]Case, error) {
	cases, err := shapes()
	if err != nil {
		return nil, err
	}
	for _, o := range orders {
		tour := btftest.Tour(builder.Options{ByteOrder: o.order})
		cases = append(cases, cutFiles(o.mark, tour)...)
		cases = append(cases, cutTypes(o.mark, o.order, tour)...)
		more, err := bounds(o.mark, o.order)
		if err != nil {
			return nil, err
		}
		cases = append(cases, more...)
	}
	return cases, nil
}

// shapes makes BTF as a kernel's, of some sizes, with modules.
func shapes() (cases []Case, err error) {
	for _, o := range orders {
		for _, n := range []int{5, 40, 300, 2000} {
			for _, sorted := range []bool{false, true} {
				shape := synth.Shape{Types: n, Sorted: sorted, ByteOrder: o.order}
				data, err := synth.Base(shape)
				if err != nil {
					return nil, err
				}
				name := fmt.Sprintf("kernel-of-%d-types-%v", n, o.mark)
				if sorted {
					name = fmt.Sprintf("kernel-of-%d-types-sorted-%v", n, o.mark)
				}
				cases = append(cases, made(400, "generated", name, "kinds mixed as in a kernel",
					"it is well-formed", data, nil))
				base, err := btf.Parse(data, nil)
				if err != nil {
					return nil, err
				}
				shape.Seed, shape.Types = 7, n/2
				split, err := synth.Split(base, shape)
				if err != nil {
					return nil, err
				}
				cases = append(cases, made(401, "generated", name, "a module on a kernel",
					"ids and string offsets count on from the base's", split, data))
			}
		}
	}
	return cases, nil
}

// cutFiles makes cases of a file that ends early.
func cutFiles(mark string, whole []byte) (cases []Case) {
	for i := range 16 {
		n := 24 + i*(len(whole)-25)/15
		c := made(402, "generated", fmt.Sprintf("file-of-%04d-bytes-%s", n, mark),
			"the file ends before its sections", "what is not there cannot be read", whole[:n], nil)
		cases = append(cases, c.refusedBy("btf_check_sec_info"))
	}
	return cases
}

// cutTypes makes cases whose type section ends inside a record: type_len is every
// seventh word that is no record's end.
func cutTypes(mark string, order binary.ByteOrder, whole []byte) (cases []Case) {
	ends := recordEnds(whole)
	all := order.Uint32(whole[12:])
	for n := uint32(4); n < all; n += 28 {
		if ends[n] {
			continue
		}
		data := append([]byte(nil), whole...)
		order.PutUint32(data[12:], n)
		c := made(403, "generated", fmt.Sprintf("type-len-%04d-%s", n, mark),
			"the type section ends inside a record", "a record is whole", data, nil)
		cases = append(cases, c.refusedBy("btf_check_sec_info, btf_check_meta"))
	}
	return cases
}

// value is an enumerator at a bound.
type value struct {
	name   string
	value  int64
	signed bool
	wide   bool
}

// bounds makes a case for each value at a bound, each bitfield width and each size of an INT.
func bounds(mark string, order binary.ByteOrder) (cases []Case, err error) {
	add := func(number int, name, rule string, fill func(*builder.Builder)) {
		b := builder.New(builder.Options{ByteOrder: order})
		fill(b)
		data, failed := b.Bytes()
		if failed != nil {
			err = fmt.Errorf("%s: %w", name, failed)
		}
		cases = append(cases, made(number, "generated", name+"-"+mark, rule, "it is well-formed", data,
			nil))
	}
	for _, v := range []value{
		{"zero", 0, false, false}, {"most-31-bits", 1<<31 - 1, false, false},
		{"most-unsigned", 1<<32 - 1, false, false}, {"minus-one", -1, true, false},
		{"least-signed", -1 << 31, true, false}, {"wide-zero", 0, false, true},
		{"wide-33-bits", 1 << 32, false, true}, {"wide-most-signed", 1<<63 - 1, true, true},
		{"wide-most-unsigned", -1, false, true}, {"wide-minus-one", -1, true, true},
		{"wide-least-signed", -1 << 63, true, true},
		{"wide-halves", 0x0123456789abcdef, false, true},
	} {
		add(404, "enumerator-"+v.name, "an enumerator at a bound", func(b *builder.Builder) {
			if e := (builder.Enumerator{Name: "AT_BOUND", Value: v.value}); v.wide {
				b.Enum64("e", 8, v.signed, e)
			} else {
				b.Enum("e", 4, v.signed, e)
			}
		})
	}
	for _, width := range []uint32{1, 2, 7, 8, 9, 15, 16, 17, 31, 32} {
		add(405, fmt.Sprintf("bitfield-of-%02d-bits", width), "a bitfield", func(b *builder.Builder) {
			number := b.Int("unsigned int", 4, btf.Int{Bits: 32})
			b.Struct("s", 8, builder.Member{Name: "plain", Type: number},
				builder.Member{Name: "field", Type: number, BitOffset: 32, BitfieldSize: width})
		})
	}
	for _, size := range []uint32{1, 2, 4, 8, 16} {
		add(406, fmt.Sprintf("int-of-%02d-bytes", size), "an INT of a regular size",
			func(b *builder.Builder) {
				b.Int("number", size, btf.Int{Encoding: btf.IntSigned, Bits: uint8(8 * size)})
				b.Array(1, 1, 3)
			})
	}
	return cases, err
}

// recordEnds returns the offsets in the type section at which a record ends.
func recordEnds(data []byte) map[uint32]bool {
	ends := map[uint32]bool{}
	c := Case{Data: data}
	blob, err := c.decode()
	if err != nil {
		return ends
	}
	at := uint32(0)
	for _, t := range blob.Types {
		at += uint32(len(t.Rec))
		ends[at] = true
	}
	return ends
}
