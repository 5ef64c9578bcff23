package corpus

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"
)

func TestLocalBlobs(t *testing.T) {
	kernel, ok := Find("fixtures/pahole-kernel-s390x")
	if !ok {
		t.Fatal("no fixture")
	}
	raw, err := kernel.Bytes()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for path, data := range map[string][]byte{
		"alone.btf":       raw,
		"linux/vmlinux":   raw,
		"linux/module":    raw,
		"linux/empty":     nil,
		"linux/notes.txt": []byte("no BTF"),
	} {
		full := filepath.Join(dir, filepath.FromSlash(path))
		if err := os.MkdirAll(filepath.Dir(full), 0o777); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(full, data, 0o666); err != nil {
			t.Fatal(err)
		}
	}
	want := []struct {
		name, base string
		good       bool
	}{
		{"local/alone.btf", "", true},
		{"local/linux/empty", "local/linux/vmlinux", false},
		{"local/linux/module", "local/linux/vmlinux", true},
		{"local/linux/notes.txt", "local/linux/vmlinux", false},
		{"local/linux/vmlinux", "", true},
	}
	got := localBlobs(dir)
	if len(got) != len(want) {
		t.Fatalf("%d blobs, want %d: %+v", len(got), len(want), got)
	}
	for i, w := range want {
		b := got[i]
		if b.Name != w.name || b.BaseName != w.base {
			t.Errorf("blob %d is %s on %q, want %s on %q", i, b.Name, b.BaseName, w.name, w.base)
		}
		data, err := b.Bytes()
		if (err == nil) != w.good {
			t.Errorf("%s: Bytes: %v", b.Name, err)
		}
		if w.good && (!bytes.Equal(data, raw) || !b.BigEndian || b.Size != len(raw)) {
			t.Errorf("%s: %d bytes, Size %d, big-endian %v", b.Name, len(data), b.Size, b.BigEndian)
		}
	}
}

// TestOrder tells a magic number from such as differ in one byte.
func TestOrder(t *testing.T) {
	for _, c := range []struct {
		raw           string
		bigEndian, ok bool
	}{
		{"\x9f\xeb", false, true}, {"\xeb\x9f\x01", true, true}, {"\x9f", false, false},
		{"\x9f\xea", false, false}, {"\xea\x9f", false, false}, {"\xeb\x9e", false, false},
		{"", false, false},
	} {
		if bigEndian, ok := byteOrderOf([]byte(c.raw)); bigEndian != c.bigEndian || ok != c.ok {
			t.Errorf("%x: %v, %v", c.raw, bigEndian, ok)
		}
	}
}

func TestLocalMissingFolder(t *testing.T) {
	got := localBlobs(filepath.Join(t.TempDir(), "missing"))
	if len(got) != 1 {
		t.Fatalf("%d blobs, want one that explains", len(got))
	}
	if _, err := got[0].Bytes(); err == nil {
		t.Error("a missing folder has bytes")
	}
}

// TestDirEnv checks that the variable is obeyed.
func TestDirEnv(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "mine"), []byte{0xeb, 0x9f}, 0o666); err != nil {
		t.Fatal(err)
	}
	t.Setenv(dirEnv, dir)
	all := read()
	found := false
	for _, b := range all {
		found = found || b.Name == "local/mine" && b.BigEndian
	}
	if !found {
		t.Errorf("%s=%s: not among %d blobs", dirEnv, dir, len(all))
	}
}
