package derived

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/funcs"
	"github.com/btfkit/btfkit/btf/layout"
	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/fuzz/internal/naive"
)

// TestLayouts measures all types of all blobs, and compares with the oracle.
func TestLayouts(t *testing.T) {
	t.Parallel()
	types := 0
	for _, name := range all() {
		b := open(t, name)
		var r layout.Ruler
		for _, n := range b.oracle.Types {
			typ, err := b.spec.TypeByID(btf.TypeID(n.ID))
			if err != nil {
				t.Fatal(err)
			}
			if err := compareLayout(&r, typ, n); err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			types++
		}
	}
	t.Logf("%d types", types)
	if types < 500_000 {
		t.Errorf("%d types", types)
	}
}

// compareLayout compares what a Ruler says of a type with what the oracle does.
func compareLayout(r *layout.Ruler, typ btf.Type, n naive.Type) error {
	if got, want := r.Align(typ), n.Align(); got != want {
		return fmt.Errorf("%v: alignment %d, want %d", typ, got, want)
	}
	if k := typ.Kind(); k != btf.KindStruct && k != btf.KindUnion {
		return nil
	}
	if got, want := r.Packed(typ), n.Packed(); got != want {
		return fmt.Errorf("%v: packed %v, want %v", typ, got, want)
	}
	if size, _ := typ.Size(); size > 1<<13 {
		return nil // too many bits to look at one by one
	}
	used := n.Used()
	gaps := 0
	for gap := range layout.Gaps(typ) {
		for i := gap.BitOffset; i < gap.BitOffset+gap.BitSize; i++ {
			if used[i] {
				return fmt.Errorf("%v: bit %d is in a gap, and used", typ, i)
			}
			gaps++
		}
	}
	for _, u := range used {
		if !u {
			gaps--
		}
	}
	if gaps != 0 {
		return fmt.Errorf("%v: %d bits too many in gaps", typ, gaps)
	}
	return nil
}

// deriver runs the driver over libbpf on a blob, and yields its lines.
func deriver(t *testing.T, name string,
	yield func(id uint32, align, size int64, packed, traceable bool)) error {
	t.Helper()
	c, _ := corpus.Find(name)
	dir := t.TempDir()
	args := []string{filepath.Join(dir, "btf")}
	if err := os.WriteFile(args[0], open(t, name).data, 0o600); err != nil {
		t.Fatal(err)
	}
	if c.BaseName != "" {
		args = append(args, filepath.Join(dir, "base"))
		if err := os.WriteFile(args[1], open(t, c.BaseName).data, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	out, err := exec.Command(requireDriver(t), args...).Output()
	if err != nil {
		return err
	}
	for line := range bytes.Lines(out) {
		var id uint32
		var align, size int64
		var packed, traceable int
		if _, err := fmt.Sscanf(string(line), "%d align=%d size=%d packed=%d traceable=%d", &id, &align,
			&size, &packed, &traceable); err != nil {
			t.Fatalf("%q: %v", line, err)
		}
		yield(id, align, size, packed == 1, traceable == 1)
	}
	return nil
}

// requireDriver returns the path of the driver over libbpf, which has to be built.
func requireDriver(t *testing.T) string {
	t.Helper()
	return requireTool(t, "./libbpf/bin/derive",
		"fuzz/derived/libbpf/build.sh; apt-get install gcc libelf-dev zlib1g-dev")
}

// TestLibbpf compares alignment, size and packing of every type of every blob with libbpf's
// answers, and which functions can be traced with its transcript of the kernel's rules.
func TestLibbpf(t *testing.T) {
	t.Parallel()
	requireDriver(t)
	types, functions := 0, 0
	for _, name := range all() {
		b := open(t, name)
		var r layout.Ruler
		err := deriver(t, name, func(id uint32, align, size int64, packed, traceable bool) {
			types++
			typ, err := b.spec.TypeByID(btf.TypeID(id))
			if err != nil {
				t.Fatal(err)
			}
			bytes, ok := typ.Sizeof()
			switch {
			case typ.Kind() == btf.KindDeclTag: // libbpf gives it its target's size
			case ok && size != int64(bytes), !ok && size >= 0:
				t.Fatalf("%s: %v: %d bytes, %v; libbpf says %d", name, typ, bytes, ok, size)
			}
			if got := r.Align(typ); int64(got) != align {
				t.Fatalf("%s: %v: alignment %d, libbpf says %d", name, typ, got, align)
			}
			got := r.Packed(typ)
			if k := typ.Kind(); (k == btf.KindStruct || k == btf.KindUnion) && got != packed {
				t.Fatalf("%s: %v: packed %v, libbpf says %v", name, typ, got, packed)
			}
			if typ.Kind() != btf.KindFunc {
				return
			}
			functions++
			if err := funcs.CheckTraceable(typ); (err == nil) != traceable {
				t.Fatalf("%s: %v: %v; the transcript says %v", name, typ, err, traceable)
			}
		})
		if err != nil {
			t.Logf("not compared: %s, which libbpf 1.7 cannot read", name)
		}
	}
	t.Logf("%d types, %d functions", types, functions)
	if types < 500_000 {
		t.Errorf("%d types", types)
	}
}

// FuzzLayout measures all types of any BTF: it ends, and agrees with the oracle on sound types.
func FuzzLayout(f *testing.F) {
	addBlobs(f, func(data []byte) { f.Add(data) })
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 1<<16 {
			t.Skip("large inputs slow the engine down")
		}
		spec, err := btf.Parse(data, nil)
		if err != nil {
			t.Skip("no BTF")
		}
		sound := spec.Verify() == nil
		oracle, fault := naive.Parse(data, nil)
		if fault != nil {
			t.Fatal(fault)
		}
		var r layout.Ruler
		budget := 1 << 22 // bits of structs
		for id, typ := range spec.All() {
			r.Align(typ)
			r.Packed(typ)
			for range layout.Gaps(typ) {
			}
			size, _ := typ.Size()
			if n, _ := oracle.ByID(uint32(id)); sound && !n.IsVoid() && budget > 0 {
				budget -= 8*int(min(size, 1<<20)) + 1000
				if err := compareLayout(&r, typ, n); err != nil {
					t.Fatal(err)
				}
			}
		}
	})
}
