package btftest_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/builder"
	"github.com/btfkit/btfkit/btf/store"
)

func TestBlobs(t *testing.T) {
	kinds := make(map[btf.Kind]bool)
	for _, blob := range btftest.Blobs() {
		spec, err := blob.Open()
		if err != nil {
			t.Errorf("%s: %v", blob.Name, err)
			continue
		}
		if err := spec.Verify(); (err != nil) != blob.Corrupt {
			t.Errorf("%s: %v", blob.Name, err)
		}
		for _, ty := range spec.All() {
			kinds[ty.Kind()] = true
		}
	}
	for k := btf.KindVoid; k <= btf.KindEnum64; k++ {
		if !kinds[k] {
			t.Errorf("no blob has a %v", k)
		}
	}
}

// Blobs promises every shape: those that no real kernel has, or few, are found by what they say.
func TestBlobForms(t *testing.T) {
	found := make(map[string]bool)
	for _, blob := range btftest.Blobs() {
		spec, err := blob.Open()
		if err != nil {
			t.Fatal(err)
		}
		h := store.SectionOf(spec).Header()
		split := blob.Base != nil
		found["layout"] = found["layout"] || h.Layout.Len > 0
		found["split with a layout"] = found["split with a layout"] || split && h.Layout.Len > 0
		found["long header"] = found["long header"] || h.Len > 32
		found["strings first"] = found["strings first"] ||
			h.Strings.Len > 0 && h.Strings.Off < h.Types.Off
		found["mixed orders"] = found["mixed orders"] ||
			split && spec.ByteOrder() != spec.Base().ByteOrder()
		for _, ty := range spec.Own().All() {
			found["wide vlen"] = found["wide vlen"] || ty.Vlen() > 0xffff
			found["attribute"] = found["attribute"] || ty.IsAttribute()
			found["opaque"] = found["opaque"] || ty.IsOpaque()
			found["opaque in a split"] = found["opaque in a split"] || split && ty.IsOpaque()
			for _, m := range ty.Members() {
				_, _, bitfield := m.Bits()
				found["old bitfield"] = found["old bitfield"] || bitfield && !ty.KindFlag()
			}
		}
	}
	for form, ok := range found {
		if !ok {
			t.Errorf("no blob: %s", form)
		}
	}
}

// Encoding what was decoded gives the same bytes; so does swapping them twice.
func TestRoundTrip(t *testing.T) {
	for _, blob := range btftest.Blobs() {
		if err := btftest.RoundTrip(blob.Data, base(t, blob)); err != nil {
			t.Errorf("%s: %v", blob.Name, err)
		}
	}
}

func base(t *testing.T, blob *btftest.Blob) *btf.Spec {
	t.Helper()
	if blob.Base == nil {
		return nil
	}
	spec, err := blob.Base.Open()
	if err != nil {
		t.Fatal(err)
	}
	return spec
}

// Only what cannot be understood or does not exist is refused; all else is encoded, to the same
// bytes unless it is laid out as no Builder does.
func TestRoundTripRefuses(t *testing.T) {
	for _, blob := range btftest.Blobs() {
		spec, err := blob.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := builder.From(spec, builder.CopyOptions{}).Bytes()
		refused := blob.Corrupt || strings.HasPrefix(blob.Name, "opaque")
		canonical := blob.Name != "gaps" && blob.Name != "long-header"
		if (err != nil) != refused || !refused && bytes.Equal(data, blob.Data) != canonical {
			t.Errorf("%s: %v, %d bytes became %d", blob.Name, err, len(blob.Data), len(data))
		}
	}
}

// The promises hold for damaged sections, too, as far as they can be opened.
func TestRoundTripDamaged(t *testing.T) {
	opened := 0
	for _, o := range []builder.Options{{}, {ByteOrder: binary.BigEndian, Layout: true}} {
		data := btftest.Tour(o)
		for bit := range 8 * len(data) {
			data[bit/8] ^= 1 << (bit % 8)
			if spec, err := btf.Parse(data, nil); err == nil {
				spec.Close()
				opened++
				if err := btftest.RoundTrip(data, nil); err != nil {
					t.Fatalf("bit %d: %v", bit, err)
				}
			}
			data[bit/8] ^= 1 << (bit % 8)
		}
	}
	if opened < 1000 {
		t.Errorf("only %d of the damaged sections can be opened", opened)
	}
}

func FuzzRoundTrip(f *testing.F) {
	for _, blob := range btftest.Blobs() {
		if blob.Base == nil && len(blob.Data) < 4096 {
			f.Add(blob.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		spec, err := btf.Parse(data, nil)
		if err != nil {
			return
		}
		spec.Close()
		if err := btftest.RoundTrip(data, nil); err != nil {
			t.Error(err)
		}
	})
}

func TestOpen(t *testing.T) {
	path := t.TempDir() + "/btf"
	if _, err := btftest.Plain.Open(path, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(path, btftest.Kernel(nil), 0o666); err != nil {
		t.Fatal(err)
	}
	spec, err := btftest.Plain.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := spec.TypeByName("tcp_sendmsg", btf.KindFunc); err != nil {
		t.Error(err)
	}
}
