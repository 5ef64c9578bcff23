package fuzz

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf/store"
)

// TestBpftool prints every blob through every backend as "bpftool btf dump file F format raw"
// does, and wants the very bytes that the real bpftool prints. So each record and each field
// of each trailer is compared, nothing is sampled, and nothing that bpftool prints can be
// left out by a lenient parser. The plain format is compared, not JSON: it has the same
// fields, and names come as raw bytes, where JSON has none for those that are not UTF-8.
func TestBpftool(t *testing.T) {
	tool := requireTool(t, "bpftool", "apt-get install bpftool")
	version, err := exec.Command(tool, "version").Output()
	if err != nil {
		t.Fatal(err)
	}
	t.Log(strings.Join(strings.Fields(string(version)), " "))
	dir := t.TempDir()
	for i, b := range allBlobs(t) {
		t.Run(b.name, func(t *testing.T) {
			want, err := bpftoolDump(tool, filepath.Join(dir, fmt.Sprint(i)), b)
			if err != nil {
				why := beyondBpftool(t, b)
				if why == "" {
					t.Fatalf("bpftool: %v", err)
				}
				t.Logf("not compared: %s: %v", why, err)
				return
			}
			for _, backend := range Backends {
				spec := b.open(t, backend)
				compareDumps(t, backend.Name(), appendDump(nil, spec.Own()), want)
			}
		})
	}
}

// requireTool finds a program, or skips the test; it fails where BTFKIT_REQUIRE names it.
func requireTool(t *testing.T, name, remedy string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err == nil {
		return path
	}
	if slices.Contains(strings.Split(os.Getenv("BTFKIT_REQUIRE"), ","), name) {
		t.Fatalf("%v, and BTFKIT_REQUIRE asks for it (%s)", err, remedy)
	}
	t.Skipf("%v (%s)", err, remedy)
	return ""
}

// beyondBpftool says what makes a sound blob unreadable to some versions of bpftool; it is ""
// if nothing does.
func beyondBpftool(t *testing.T, b *blob) string {
	spec := b.open(t, Backends[0])
	h := store.SectionOf(spec).Header()
	switch {
	case b.base != nil && b.base.base != nil:
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
func bpftoolDump(tool, path string, b *blob) ([]byte, error) {
	args := []string{"btf", "dump", "file", path, "format", "raw"}
	if b.base != nil {
		base := path + ".base"
		if err := os.WriteFile(base, b.base.data, 0o600); err != nil {
			return nil, err
		}
		args = append([]string{"-B", base}, args...)
	}
	if err := os.WriteFile(path, b.data, 0o600); err != nil {
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
