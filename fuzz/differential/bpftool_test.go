package differential

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/fuzz/internal/require"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/dump"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/fuzz/internal/blobs"
	"github.com/btfkit/btfkit/fuzz/oracle"
)

// TestBpftool prints every blob through every backend as "bpftool btf dump file F format raw"
// does, and wants the very bytes that the real bpftool prints. So each record and each field
// of each trailer is compared, nothing is sampled, and nothing that bpftool prints can be
// left out by a lenient parser. The plain format is compared, not JSON: it has the same
// fields, and names come as raw bytes, where JSON has none for those that are not UTF-8.
func TestBpftool(t *testing.T) {
	tool := require.Tool(t, "bpftool", "apt-get install bpftool")
	version, err := exec.Command(tool, "version").Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Log(strings.Join(strings.Fields(string(version)), " "))
	dir := t.TempDir()
	for i, b := range blobs.All() {
		t.Run(b.Name, func(t *testing.T) {
			t.Parallel()
			if why := beyondDump(b.Open(t, oracle.Backends[0])); why != "" {
				t.Log("not compared: ", why)
				return
			}
			want, err := bpftoolDump(t, tool, filepath.Join(dir, fmt.Sprint(i)), b)
			if err != nil {
				why := beyondBpftool(t, b)
				if why == "" {
					t.Fatalf("bpftool: %v", err)
				}
				t.Logf("not compared: %s: %v", why, err)
				return
			}
			for _, backend := range oracle.Backends {
				spec := b.Open(t, backend)
				compareDumps(t, backend.Name(), rawDump(t, spec.Own()), want)
			}
		})
	}
}

// beyondDump says why package dump differs from bpftool on a blob; it is "" if it does not.
func beyondDump(spec *btf.Spec) string {
	if err := spec.Verify(); err != nil {
		return err.Error()
	}
	for _, t := range spec.All() {
		if t.Name() == "" && t.NameOffset() != 0 {
			return "an empty name that is not the first string"
		}
	}
	return ""
}

// beyondBpftool says what makes a sound blob unreadable to some versions of bpftool; it is ""
// if nothing does.
func beyondBpftool(t *testing.T, b *blobs.Blob) string {
	spec := b.Open(t, oracle.Backends[0])
	h := store.SectionOf(spec).Header()
	switch {
	case b.Base != nil && b.Base.Base != nil:
		return "a base that is split itself"
	case h.Len != 24 && h.ByteOrder == binary.BigEndian:
		return "a header of another byte order that is not 24 bytes long"
	case h.Types.Off != int64(h.Len) || h.Strings.Off != h.Types.Off+int64(h.Types.Len):
		return "gaps, or another order of sections"
	}
	for _, typ := range spec.All() {
		if typ.IsOpaque() || typ.Vlen() > 0xffff {
			return "kinds that are not known, or a vlen of more than 16 bits (Linux 7.1, 7.2)"
		}
	}
	return ""
}

// bpftoolDump writes b and its base to files that start with path and dumps b.
func bpftoolDump(t *testing.T, tool, path string, b *blobs.Blob) ([]byte, error) {
	args := []string{"btf", "dump", "file", path, "format", "raw"}
	if b.Base != nil {
		base := path + ".base"
		if err := os.WriteFile(base, b.Base.Bytes(t), 0o600); err != nil {
			return nil, err
		}
		args = append([]string{"-B", base}, args...)
	}
	if err := os.WriteFile(path, b.Bytes(t), 0o600); err != nil {
		return nil, err
	}
	cmd := exec.Command(tool, args...)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		err = fmt.Errorf("%w: %s", err, bytes.TrimSpace(stderr.Bytes()))
	}
	return out, err
}

// rawDump prints spec as bpftool does.
func rawDump(t *testing.T, spec *btf.Spec) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := dump.Raw(&out, spec); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

// compareDumps finds the first line that differs.
func compareDumps(t *testing.T, name string, got, want []byte) {
	t.Helper()
	if bytes.Equal(got, want) {
		return
	}
	gotLines, wantLines := bytes.Split(got, []byte("\n")), bytes.Split(want, []byte("\n"))
	for i := range min(len(gotLines), len(wantLines)) {
		if !bytes.Equal(gotLines[i], wantLines[i]) {
			t.Errorf("%s: line %d\ngot     %q\nbpftool %q", name, i+1, gotLines[i], wantLines[i])
			return
		}
	}
	t.Errorf("%s: %d lines, bpftool has %d", name, len(gotLines), len(wantLines))
}
