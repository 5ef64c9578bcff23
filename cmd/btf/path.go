package main

import (
	"fmt"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/path"
	"github.com/spf13/cobra"
)

// A placeItem is an item of path: what a path of members leads to. Offset and size are in bits.
type placeItem struct {
	Path      string     `json:"path"`
	Module    string     `json:"module"` // of the type
	Type      string     `json:"type"`   // in C
	TypeID    btf.TypeID `json:"type_id"`
	BitOffset uint64     `json:"bit_offset"`
	BitSize   uint64     `json:"bit_size"`
	Bitfield  bool       `json:"bitfield,omitempty"`
	// Derefs are the offsets, in bytes, of the pointers to follow first, one after the other.
	Derefs []uint64 `json:"derefs,omitempty"`
}

func (a *app) pathCommand() *cobra.Command {
	c := &cobra.Command{
		Use:   "path PATH...",
		Short: "tells where a member lies, also behind arrays and pointers",
		Long: `Tells where a member lies: PATH is the name of a type and then .member, [index]
or ->member, any number of times. The offset counts from the start of the type,
or of the object that the last pointer points to.`,
		Example: `  btf path inet_connection_sock.icsk_inet.sk.__sk_common.skc_dport
  btf path 'sk_buff.dev->name[3]'`,
		Args: cobra.MinimumNArgs(1),
		RunE: a.do(a.path),
	}
	return a.addSource(c)
}

func (a *app) path(paths []string) error {
	src, err := a.open(a.source)
	if err != nil {
		return err
	}
	for _, p := range paths {
		f, err := path.Find(src.all, p)
		if err != nil {
			return err
		}
		derefs := f.DerefOffsets[:f.Derefs]
		text := fmt.Sprintf("%s: %s at %s", clean(p), a.out.describe(f.Type),
			place(f.BitOffset, f.BitSize, f.Bitfield))
		if len(derefs) > 0 {
			text += ", behind " + pointers(derefs)
		}
		v := placeItem{p, src.moduleOf(f.Type), declaration(f.Type, ""), f.Type.ID(), f.BitOffset,
			f.BitSize, f.Bitfield, derefs}
		if err := a.out.item(v, text); err != nil {
			return err
		}
	}
	return nil
}

// pointers lists the pointers to follow: "the pointer at byte 16, the one at byte 8 there".
func pointers(offsets []uint64) string {
	var parts []string
	for i, offset := range offsets {
		if i == 0 {
			parts = append(parts, fmt.Sprintf("the pointer at byte %d", offset))
		} else {
			parts = append(parts, fmt.Sprintf("the one at byte %d there", offset))
		}
	}
	return strings.Join(parts, ", ")
}
