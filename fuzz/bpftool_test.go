package fuzz

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
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
				spec := b.open(t, &backend)
				compareDumps(t, backend.Name, appendDump(nil, spec.Own()), want)
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
	spec := b.open(t, &Backends[0])
	h := spec.Section().Header()
	switch {
	case b.base != nil && b.base.base != nil:
		return "a base that is split itself"
	case h.Len != 24 && h.BigEndian:
		return "a header of another byte order that is not 24 bytes long"
	case h.TypesOff != int64(h.Len) || h.StringsOff != h.TypesOff+int64(h.TypesLen):
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

// appendDump appends all types of spec in bpftool's raw format.
func appendDump(dst []byte, spec *btf.Spec) []byte {
	for _, t := range spec.All() {
		if !t.IsVoid() {
			dst = appendType(dst, t)
		}
	}
	return dst
}

func quoted(name string) string {
	if name == "" {
		return "'(anon)'"
	}
	return "'" + name + "'"
}

func appendType(dst []byte, t btf.Type) []byte {
	dst = fmt.Appendf(dst, "[%d] %v %s", t.ID(), t.Kind(), quoted(t.Name()))
	size, _ := t.Size()
	target, _ := t.TargetID()
	switch t.Kind() {
	case btf.KindInt:
		i, _ := t.Int()
		dst = fmt.Appendf(dst, " size=%d bits_offset=%d nr_bits=%d encoding=%v",
			size, i.Offset, i.Bits, i.Encoding)
	case btf.KindPtr, btf.KindConst, btf.KindVolatile, btf.KindRestrict, btf.KindTypedef,
		btf.KindTypeTag:
		dst = fmt.Appendf(dst, " type_id=%d", target)
	case btf.KindArray:
		elem, _ := t.Elem()
		index, _ := t.IndexType()
		n, _ := t.ArrayLen()
		dst = fmt.Appendf(dst, " type_id=%d index_type_id=%d nr_elems=%d", elem.ID(), index.ID(), n)
	case btf.KindStruct, btf.KindUnion:
		dst = appendMembers(fmt.Appendf(dst, " size=%d vlen=%d", size, t.Vlen()), t)
	case btf.KindEnum, btf.KindEnum64:
		dst = appendEnumerators(dst, t, size)
	case btf.KindFwd:
		dst = fmt.Appendf(dst, " fwd_kind=%s", strings.ToLower(t.FwdKind().String()))
	case btf.KindFunc:
		l, _ := t.Linkage()
		dst = fmt.Appendf(dst, " type_id=%d linkage=%v", target, l)
	case btf.KindFuncProto:
		dst = appendParams(dst, t)
	case btf.KindVar:
		l, _ := t.Linkage()
		dst = fmt.Appendf(dst, " type_id=%d, linkage=%v", target, l)
	case btf.KindDatasec:
		dst = appendVariables(fmt.Appendf(dst, " size=%d vlen=%d", size, t.Vlen()), t)
	case btf.KindFloat:
		dst = fmt.Appendf(dst, " size=%d", size)
	case btf.KindDeclTag:
		i, _ := t.ComponentIndex()
		dst = fmt.Appendf(dst, " type_id=%d component_idx=%d", target, i)
	}
	return append(dst, '\n')
}

func appendMembers(dst []byte, t btf.Type) []byte {
	for _, m := range t.Members() {
		dst = fmt.Appendf(dst, "\n\t%s type_id=%d bits_offset=%d",
			quoted(m.Name()), m.TargetID(), m.BitOffset())
		if n := m.BitfieldSize(); n != 0 {
			dst = fmt.Appendf(dst, " bitfield_size=%d", n)
		}
	}
	return dst
}

func appendEnumerators(dst []byte, t btf.Type, size uint32) []byte {
	encoding, suffix := "UNSIGNED", ""
	if t.IsSigned() {
		encoding = "SIGNED"
	}
	if t.Kind() == btf.KindEnum64 {
		suffix = map[bool]string{false: "ULL", true: "LL"}[t.IsSigned()]
	}
	dst = fmt.Appendf(dst, " encoding=%s size=%d vlen=%d", encoding, size, t.Vlen())
	for _, e := range t.Enumerators() {
		dst = fmt.Appendf(dst, "\n\t%s val=", quoted(e.Name()))
		if e.IsSigned() {
			dst = fmt.Appendf(dst, "%d%s", e.Int64(), suffix)
		} else {
			dst = fmt.Appendf(dst, "%d%s", e.Uint64(), suffix)
		}
	}
	return dst
}

func appendParams(dst []byte, t btf.Type) []byte {
	ret, _ := t.Return()
	dst = fmt.Appendf(dst, " ret_type_id=%d vlen=%d", ret.ID(), t.Vlen())
	for _, p := range t.Params() {
		dst = fmt.Appendf(dst, "\n\t%s type_id=%d", quoted(p.Name()), p.TargetID())
	}
	return dst
}

func appendVariables(dst []byte, t btf.Type) []byte {
	for _, v := range t.VarSecinfos() {
		dst = fmt.Appendf(dst, "\n\ttype_id=%d offset=%d size=%d", v.TargetID(), v.Offset(), v.Size())
		if target, ok := v.Target(); ok {
			dst = fmt.Appendf(dst, " (%v %s)", target.Kind(), quoted(target.Name()))
		}
	}
	return dst
}
