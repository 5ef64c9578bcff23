package malformed_test

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"

	"github.com/btfkit/btfkit/backends/cache"
	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/store"
	"github.com/btfkit/btfkit/btf/validate"
	"github.com/btfkit/btfkit/corpus"
	"github.com/btfkit/btfkit/corpus/internal/bpfload"
	"github.com/btfkit/btfkit/corpus/malformed"
	"github.com/btfkit/btfkit/corpus/mutate"
)

// otherRules are rows that package validate leaves to the machine, whose byte order counts, and to
// the kernel's version.
var otherRules = append([]int{23}, versionRules...)

// refused reports whether a kernel would refuse a blob, by validate; that of objects or not.
func refused(t *testing.T, spec *btf.Spec, object bool) (findings []validate.Finding) {
	t.Helper()
	judge := validate.Kernel
	if object {
		judge = validate.Object
	}
	findings, err := judge(spec)
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range findings {
		if f.Rule == "" || f.Source == "" || f.Text == "" || len(f.String()) > 300 {
			t.Errorf("a finding without rule, source or text, or too long: %+v", f)
		}
	}
	return findings
}

// TestValidate judges the catalogue as its verdicts say, but for what the kernel does otherwise.
func TestValidate(t *testing.T) {
	for c := range malformed.All() {
		for _, order := range []binary.ByteOrder{binary.LittleEndian, binary.BigEndian} {
			chain := c.Chain(order)
			if order == binary.BigEndian && len(chain[0]) > 1<<20 {
				continue // large ones once
			}
			spec, err := open(t, chain)
			if err != nil || slices.Contains(otherRules, c.Row) || spec.Base() != nil {
				continue
			}
			want := c.Verdict == malformed.Verify || c.Verdict == malformed.Validate ||
				c.Verdict == malformed.Object || slices.Contains(kernelRefuses, c.Row)
			if slices.Contains(kernelAccepts, c.Row) {
				want = c.Row == 50 && c.Name != "alone"
			}
			if got := refused(t, spec, false); (len(got) > 0) != want {
				t.Errorf("%v: %v, want some: %v", c, got, want)
			}
			if got := refused(t, spec, true); c.Verdict == malformed.Object && len(got) > 0 {
				t.Errorf("%v, in an object: %v", c, got)
			}
		}
	}
}

// compilerFaults are what gcc 12 gets wrong, by the rules that say so: it has no type for the index
// of an array if it needs none otherwise, and every long double has 16 bytes.
var compilerFaults = map[string]string{"fixtures/gcc-bpfeb": "array-void",
	"fixtures/gcc-bpfel": "array-void", "fixtures/gcc-i386": "member-outside"}

// TestValidateCorpus finds nothing in a kernel, and nothing more in objects as such.
func TestValidateCorpus(t *testing.T) {
	for _, b := range corpus.All() {
		isKernel := b.Name == "deb-7.2-amd64/vmlinux"
		if b.SHA256 == "" || b.BaseName != "" || !isKernel && b.Size > corpus.SmallSize {
			continue
		}
		data, err := b.Bytes()
		if err != nil {
			t.Fatal(err)
		}
		spec, err := cache.Parse(data, nil)
		if err != nil {
			t.Fatal(err)
		}
		rule, got := "", refused(t, spec, !isKernel)
		if len(got) > 0 {
			rule = got[0].Rule
		}
		if len(got) > 1 || rule != compilerFaults[b.Name] {
			t.Errorf("%s: %v", b.Name, got[:min(len(got), 5)])
		}
	}
}

// TestKernelValidate puts the catalogue to the running kernel and to package validate.
func TestKernelValidate(t *testing.T) {
	bpfload.Require(t)
	refusals, found, wrong := 0, 0, 0
	for c := range malformed.All() {
		chain := c.Chain(binary.LittleEndian)
		if len(chain) > 1 || slices.Contains(versionRules, c.Row) {
			continue
		}
		spec, err := open(t, chain)
		ours := err != nil || len(refused(t, spec, false)) > 0
		switch theirs := bpfload.Load(chain[0]); {
		case theirs != nil && ours:
			refusals, found = refusals+1, found+1
		case theirs != nil:
			refusals++
			t.Logf("%v: the kernel says %v", c, theirs)
		case ours:
			wrong++
			t.Errorf("%v: the kernel takes it", c)
		}
	}
	t.Logf("%d of %d refusals found, %d too many", found, refusals, wrong)
	if 100*found < 95*refusals {
		t.Error("less than 95 %")
	}
}

// tagsInside reports whether a type tag is behind another modifier.
func tagsInside(spec *btf.Spec) bool {
	for t := range spec.TypesByKind(btf.KindConst, btf.KindVolatile, btf.KindRestrict,
		btf.KindTypedef) {
		for next := range t.Targets() {
			if next.Kind() == btf.KindTypeTag {
				return true
			}
			if !next.Kind().IsModifier() && next.Kind() != btf.KindTypedef {
				break
			}
		}
	}
	return false
}

// TestKernelValidateSweep damages blobs that the kernel takes, in one place at a time, and compares
// what it says then.
func TestKernelValidateSweep(t *testing.T) {
	bpfload.Require(t)
	refusals, found := 0, 0
	for _, blob := range btftest.Blobs() {
		if blob.Corrupt || blob.Base != nil || len(blob.Data) > 4096 || bpfload.Load(blob.Data) != nil {
			continue
		}
		data := bytes.Clone(blob.Data)
		for edit, damaged := range mutate.Sweep(data, &mutate.Options{Max: 3000, Seed: 1}) {
			spec, err := cache.Parse(damaged, nil)
			if err == nil && (spec.ByteOrder() != binary.LittleEndian || tagsInside(spec) ||
				store.SectionOf(spec).Header().Len != 24) {
				continue // what depends on the machine, or the kernel's version
			}
			var findings []validate.Finding
			if err == nil {
				findings = refused(t, spec, false)
			}
			ours, theirs := err != nil || len(findings) > 0, bpfload.Load(damaged)
			switch {
			case theirs != nil && ours:
				refusals, found = refusals+1, found+1
			case theirs != nil:
				refusals++
				t.Logf("%s, %v: the kernel says %v", blob.Name, edit, theirs)
			case ours:
				t.Errorf("%s, %v: the kernel takes it: %v %v", blob.Name, edit, err, findings)
			}
		}
	}
	t.Logf("%d of %d refusals found", found, refusals)
	if refusals < 5000 || 100*found < 95*refusals {
		t.Errorf("%d of %d refusals found", found, refusals)
	}
}
