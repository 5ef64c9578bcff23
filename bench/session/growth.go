package session

import (
	"fmt"

	"github.com/btfkit/btfkit/btf"
)

// GrowthSizes are the numbers of types of the synthetic sources.
var GrowthSizes = []int{1_000, 10_000, 100_000, 1_000_000}

// Synthetic prepares BTF of about that many types, in the proportions of a kernel: five records
// for each function and struct, of which three have a name.
func (w *Workspace) Synthetic(types int) (*Source, error) {
	b := btf.NewBuilder(btf.BuilderOptions{})
	word := b.Int("long unsigned int", 8, btf.Int{Bits: 64})
	for i := range types / 5 {
		s := b.Struct(fmt.Sprintf("net_device_%06x", uint64(i)*2654435761&0xffffff), 16,
			btf.MemberSpec{Name: "flags", Type: word},
			btf.MemberSpec{Name: "priv", Type: word, BitOffset: 64})
		p := b.Ptr(s)
		b.Typedef(fmt.Sprintf("handle_%06x_t", i), s)
		proto := b.FuncProto(word, btf.ParamSpec{Name: "dev", Type: p})
		b.Func(fmt.Sprintf("dev_%06x_open", uint64(i)*40503&0xffffff), proto, btf.LinkageStatic)
	}
	data, err := b.Bytes()
	if err != nil {
		return nil, err
	}
	s := &Source{
		Name: fmt.Sprintf("synthetic-%d", types), Origin: "synthetic BTF", Format: "raw", Growth: true,
	}
	return s, w.store(s, data)
}
