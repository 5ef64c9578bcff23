package derived

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/btfkit/btfkit/fuzz/internal/require"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/funcs"
	"github.com/btfkit/btfkit/btf/layout"
	"github.com/btfkit/btfkit/corpus"
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
	return require.Tool(t, "./libbpf/bin/derive",
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
