package dumps

import (
	"bytes"
	"io"
	"os/exec"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/fuzz/internal/require"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/cdump"
)

// compileC has a compiler check C, and returns what it says.
func compileC(t *testing.T, write func(w io.Writer) error) (complaints string, ok bool) {
	t.Helper()
	// Linux 7 embeds named structs without a name for the member, as Microsoft's C allows.
	cmd := exec.Command(require.Tool(t, "cc", "apt-get install gcc"),
		"-std=gnu11", "-fms-extensions", "-fsyntax-only", "-w", "-x", "c", "-")
	in, err := cmd.StdinPipe()
	if err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	cmd.Stderr = &out
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	err = write(in)
	in.Close()
	ended := cmd.Wait()
	if err != nil {
		t.Fatalf("%v: %.2000s", err, &out)
	}
	return out.String(), ended == nil
}

var assertLine = regexp.MustCompile(`(?m)^_Static_assert\(.*$`)

// TestKernelCompiles compiles the headers of kernels for this machine's architecture, with an
// assert for the size of every struct and the offset of every member that is no bitfield.
func TestKernelCompiles(t *testing.T) {
	if runtime.GOARCH != "amd64" {
		t.Skip("the corpus's kernels of other architectures have other compilers")
	}
	for _, b := range blobsFor(t, "cc") {
		switch b.name {
		case "running", "deb-7.2-amd64/vmlinux", "deb-6.1-cloud-amd64/vmlinux":
		default:
			continue
		}
		t.Run(b.name, func(t *testing.T) {
			spec := b.open(t, cache.Backend{})
			var text bytes.Buffer
			if err := cdump.Header(&text, spec, cdump.Options{Asserts: true}); err != nil {
				t.Fatal(err)
			}
			out, ok := compileC(t, func(w io.Writer) error {
				_, err := w.Write(text.Bytes())
				return err
			})
			if !ok {
				t.Errorf("%.2000s", out)
			}
			asserts := len(assertLine.FindAllIndex(text.Bytes(), -1))
			t.Logf("%d asserts", asserts)
			checkMembers(t, spec, asserts)
		})
	}
}

// checkMembers wants no fewer asserts than there are structs and members that are
// neither bitfields nor anonymous.
func checkMembers(t *testing.T, spec *btf.Spec, asserts int) {
	t.Helper()
	want := 0
	for typ := range spec.TypesByKind(btf.KindStruct, btf.KindUnion) {
		if typ.IsAnonymous() {
			continue
		}
		want++
		for _, m := range typ.Members() {
			if _, _, bitfield := m.Bits(); !bitfield && !m.NameIs("") {
				want++
			}
		}
	}
	if asserts < want || want < 40_000 {
		t.Errorf("%d asserts for %d structs and members", asserts, want)
	}
}

// An assert that is wrong is noticed.
func TestWrongAssertFails(t *testing.T) {
	out, ok := compileC(t, func(w io.Writer) error {
		_, err := io.WriteString(w, `struct s { int n; }; _Static_assert(sizeof(struct s) == 5, "");`)
		return err
	})
	if ok || !strings.Contains(out, "assert") {
		t.Errorf("a compiler that takes anything: %s", out)
	}
}
