package derived

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf/core"
	"github.com/btfkit/btfkit/fuzz/internal/objects"
	cilium "github.com/cilium/ebpf/btf"
)

// TestRelocationsCilium compares the answers to the relocations of real objects with those of
// cilium/ebpf.
func TestRelocationsCilium(t *testing.T) {
	t.Parallel()
	n := 0
	for _, name := range littleKernels() {
		kernel := open(t, name)
		theirs, err := cilium.LoadSpecFromReader(bytes.NewReader(kernel.data))
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range readObjects(t) {
			got, _ := answers(t, o, kernel.spec)
			want := askCilium(t, o, theirs)
			for i, relo := range relocations(t, o) {
				place := fmt.Sprint(relo.Section, "+", relo.Offset)
				_, target, _ := strings.Cut(got[i], " ")
				switch {
				case target == "none":
					got[i] = "poison"
				case relo.Kind == core.FieldLShiftU64 || relo.Kind == core.FieldRShiftU64:
					got[i] = "0 " + target // cilium/ebpf does not work out the local value
				}
				if want[place] != got[i] {
					t.Errorf("%s on %s: %v: %s, want %q", o.Name, name, relo, got[i], want[place])
				}
				n++
			}
		}
	}
	t.Logf("%d relocations", n)
	if n < 2000 {
		t.Error("too few")
	}
}

// askCilium returns cilium/ebpf's answers, by section and offset.
func askCilium(t *testing.T, o objects.Object, kernel *cilium.Spec) map[string]string {
	t.Helper()
	spec, infos, err := cilium.LoadSpecAndExtInfosFromReader(bytes.NewReader(elfObject(o)))
	if err != nil {
		t.Fatalf("%s: %v", o.Name, err)
	}
	said := map[string]string{}
	for section, offsets := range infos.CORERelos {
		var relos []*cilium.CORERelocation
		for _, at := range offsets {
			relos = append(relos, at.Relo)
		}
		fixups, err := cilium.CORERelocate(relos, []*cilium.Spec{kernel}, binary.LittleEndian,
			spec.TypeID)
		if err != nil {
			t.Fatalf("%s, %s: %v", o.Name, section, err)
		}
		for i, f := range fixups {
			_, text, _ := strings.Cut(f.String(), "=")
			place := fmt.Sprint(section, "+", offsets[i].Offset.Bytes())
			said[place] = strings.Replace(text, "->", " ", 1)
		}
	}
	return said
}
