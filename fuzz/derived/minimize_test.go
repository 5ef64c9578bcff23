package derived

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/core"
	"github.com/btfkit/btfkit/btf/minimize"
	"github.com/btfkit/btfkit/fuzz/internal/objects"
	"github.com/btfkit/btfkit/fuzz/internal/require"
)

// minimized returns what the objects need of a kernel, which is sound BTF.
func minimized(t testing.TB, kernel *btf.Spec, all ...objects.Object) (
	data []byte, spec *btf.Spec) {
	t.Helper()
	var exts []*core.Ext
	for _, o := range all {
		exts = append(exts, parseObject(t, o))
	}
	data, err := minimize.Objects(kernel, exts...)
	if err != nil {
		t.Fatal(err)
	}
	if spec, err = btf.Parse(data, nil); err == nil {
		err = spec.Verify()
	}
	if err != nil {
		t.Fatal(err)
	}
	return data, spec
}

// TestMinimize answers the relocations of real objects on what they need of a kernel, each alone
// and all together, as on the whole kernel.
func TestMinimize(t *testing.T) {
	t.Parallel()
	n, names, all := 0, kernels[:1], readObjects(t)
	if require.Asked("relocate") {
		names = littleKernels()
	}
	for _, name := range names {
		kernel := open(t, name).spec
		_, together := minimized(t, kernel, all...)
		for _, o := range all {
			data, alone := minimized(t, kernel, o)
			want := answersButIDs(t, o, kernel)
			for what, small := range map[string]*btf.Spec{"alone": alone, "together": together} {
				if got := answersButIDs(t, o, small); !slices.Equal(got, want) {
					t.Errorf("%s on %s, %s: %v, want %v", o.Name, name, what, got, want)
				}
			}
			if n += len(want); len(data) > 1<<14 {
				t.Errorf("%s needs %d bytes of %s", o.Name, len(data), name)
			}
		}
	}
	if t.Logf("%d relocations", n); n < 500 {
		t.Errorf("%d relocations", n)
	}
}

// TestMinimizeLibbpf has libbpf answer the relocations on what they need of a kernel.
func TestMinimizeLibbpf(t *testing.T) {
	t.Parallel()
	kernel := open(t, newest)
	all := readObjects(t)
	if !require.Asked("relocate") {
		all = all[:4]
	}
	for _, o := range all {
		data, small := minimized(t, kernel.spec, o)
		got := askLibbpf(t, o, &blob{name: "minimized", data: data, spec: small})
		if want, _ := answers(t, o, small); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", o.Name, got, want)
		}
	}
}

// TestMinimizeBpftool compares with what bpftool writes for the same objects, byte for byte: for
// each alone, and for all together.
func TestMinimizeBpftool(t *testing.T) {
	t.Parallel()
	bpftool := require.Tool(t, "bpftool", "apt-get install bpftool")
	names, all := []string{kernels[0]}, readObjects(t)
	sets := [][]objects.Object{all[:2], all}
	if require.Asked("bpftool") {
		names = littleKernels()
		for i := range all {
			sets = append(sets, all[i:i+1])
		}
	}
	for _, name := range names {
		kernel := open(t, name)
		dir := t.TempDir()
		write := func(name string, data []byte) string {
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, data, 0o600); err != nil {
				t.Fatal(err)
			}
			return path
		}
		in, out := write("kernel", kernel.data), filepath.Join(dir, "out")
		for _, set := range sets {
			args := []string{"gen", "min_core_btf", in, out}
			for _, o := range set {
				args = append(args, write(o.Name+".o", elfObject(o)))
			}
			if text, err := exec.Command(bpftool, args...).CombinedOutput(); err != nil {
				t.Fatalf("%s on %s and %d more: %v: %.300s", set[0].Name, name, len(set)-1, err, text)
			}
			want, err := os.ReadFile(out)
			if err != nil {
				t.Fatal(err)
			}
			if got, _ := minimized(t, kernel.spec, set...); !bytes.Equal(got, want) {
				t.Errorf("%s on %s and %d more: %d bytes differ from bpftool's %d", set[0].Name, name,
					len(set)-1, len(got), len(want))
			}
		}
		t.Logf("%s: %d sets of objects", name, len(sets))
	}
}

// elfObject puts an object into an ELF file that libbpf and cilium/ebpf read.
func elfObject(o objects.Object) []byte {
	names := "\x00.BTF\x00.BTF.ext\x00.shstrtab\x00.symtab\x00"
	sections := []struct {
		name              string
		data              []byte
		kind, link, entry uint32
	}{
		{}, {".BTF", o.BTF, 1, 0, 0}, {".BTF.ext", o.Ext, 1, 0, 0}, // PROGBITS
		{".shstrtab", []byte(names), 3, 0, 0}, {".symtab", make([]byte, 24), 2, 3, 24},
	}
	header := make([]byte, 64)
	copy(header, "\x7fELF\x02\x01\x01")
	var body, table []byte
	for _, s := range sections {
		entry := make([]byte, 64) // Elf64_Shdr
		if s.kind > 0 {
			binary.LittleEndian.PutUint32(entry, uint32(strings.Index(names, s.name+"\x00")))
			binary.LittleEndian.PutUint32(entry[4:], s.kind)
			binary.LittleEndian.PutUint64(entry[24:], uint64(len(header)+len(body)))
			binary.LittleEndian.PutUint64(entry[32:], uint64(len(s.data)))
			binary.LittleEndian.PutUint32(entry[40:], s.link)
			binary.LittleEndian.PutUint64(entry[48:], 8)
			binary.LittleEndian.PutUint64(entry[56:], uint64(s.entry))
		}
		table = append(table, entry...)
		body = append(body, s.data...)
		body = append(body, make([]byte, -len(body)&7)...)
	}
	for at, v := range map[int]int{ // ET_REL, EM_BPF, version, sizes, counts
		16: 1, 18: 247, 20: 1, 52: 64, 58: 64, 60: len(sections), 62: 3,
	} {
		binary.LittleEndian.PutUint16(header[at:], uint16(v))
	}
	binary.LittleEndian.PutUint64(header[40:], uint64(len(header)+len(body)))
	return slices.Concat(header, body, table)
}
