package derived

import (
	"archive/tar"
	"compress/gzip"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/core"
	"github.com/btfkit/btfkit/fuzz/internal/blobs"
)

// FuzzRelocations answers the relocations of any object on any kernel: it ends, errors are short,
// an answer comes from a type of the kernel, and the second time is the same.
func FuzzRelocations(f *testing.F) {
	for _, o := range objects(f)[:8] {
		f.Add(o.btf, o.ext, o.btf)
	}
	f.Fuzz(func(t *testing.T, data, table, target []byte) {
		if len(data)+len(table)+len(target) > 1<<16 {
			t.Skip("large inputs slow the engine down")
		}
		object, err := btf.Parse(data, nil)
		if err != nil {
			t.Skip("no BTF")
		}
		kernel, err := btf.Parse(target, nil)
		if err != nil {
			t.Skip("no BTF")
		}
		ext, err := core.Parse(table, object)
		if err != nil {
			t.Skip("no .BTF.ext")
		}
		for f := range ext.Funcs() {
			_ = f.Func.String()
		}
		for l := range ext.Lines() {
			_ = l.Text
		}
		r := core.NewResolver(kernel)
		n := 0
		for relo := range ext.Relocations() {
			if n++; n == 200 {
				break
			}
			v, err := r.Resolve(relo)
			if err != nil {
				if len(err.Error()) > 1024 {
					t.Fatalf("an error of %d bytes", len(err.Error()))
				}
				continue
			}
			if v.Candidate.IsVoid() && v.Target != 0 && relo.Kind != core.TypeIDLocal {
				t.Fatalf("%v: %v, of no type", relo, v)
			}
			if again, err := r.Resolve(relo); err != nil || again != v {
				t.Fatalf("%v: %v, then %v, %v", relo, v, again, err)
			}
		}
	})
}

// An object is the BTF of a BPF object, with its .BTF.ext.
type object struct {
	name     string
	btf, ext []byte
}

// objects returns those of the programs in Debian's libbpf-tools 0.26.0; see cmd/objects.
func objects(t blobs.TB) (all []object) {
	t.Helper()
	f, err := os.Open("testdata/libbpf-tools-0.26.0.tar.gz")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	zip, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	for r := tar.NewReader(zip); ; {
		header, err := r.Next()
		if err == io.EOF {
			return all
		}
		if err != nil {
			t.Fatal(err)
		}
		data, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		name, isBTF := strings.CutSuffix(header.Name, ".btf")
		if isBTF {
			all = append(all, object{name: name, btf: data})
		} else {
			all[len(all)-1].ext = data
		}
	}
}
