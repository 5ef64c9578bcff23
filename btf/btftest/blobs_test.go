package btftest_test

import (
	"bytes"
	"encoding/binary"
	"errors"
	"os"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
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

// Encoding what was decoded gives the same bytes; so does swapping them twice.
func TestBlobsRoundTrip(t *testing.T) {
	for _, blob := range btftest.Blobs() {
		spec, err := blob.Open()
		if err != nil {
			t.Fatal(err)
		}
		data, err := btf.NewBuilderFrom(spec, btf.CopyOptions{}).Bytes()
		switch {
		case blob.Corrupt || spec.Section().Header().LayoutLen > 80:
			if err == nil {
				t.Errorf("%s: encoded again", blob.Name)
			}
			continue
		case err != nil || !bytes.Equal(data, blob.Data):
			t.Errorf("%s: %v, %d bytes became %d", blob.Name, err, len(blob.Data), len(data))
			continue
		}
		swapped := other(spec.ByteOrder())
		data, err = btf.NewBuilderFrom(spec, btf.CopyOptions{Order: swapped}).Bytes()
		if err != nil {
			t.Errorf("%s: %v", blob.Name, err)
			continue
		}
		spec, err = btftest.Parse(data, spec.Base())
		if err != nil || spec.ByteOrder() != swapped {
			t.Errorf("%s: swapped: %v", blob.Name, err)
			continue
		}
		data, err = btf.NewBuilderFrom(spec, btf.CopyOptions{Order: other(swapped)}).Bytes()
		if err != nil || !bytes.Equal(data, blob.Data) {
			t.Errorf("%s: %v, swapped twice is not the same", blob.Name, err)
		}
	}
}

func other(o binary.ByteOrder) binary.ByteOrder {
	if o == binary.BigEndian {
		return binary.LittleEndian
	}
	return binary.BigEndian
}

func TestOpen(t *testing.T) {
	path := t.TempDir() + "/btf"
	if _, err := btftest.Open(path, nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing file: %v", err)
	}
	if err := os.WriteFile(path, btftest.Kernel(false), 0o666); err != nil {
		t.Fatal(err)
	}
	spec, err := btftest.Open(path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := spec.TypeByName("tcp_sendmsg", btf.KindFunc); err != nil {
		t.Error(err)
	}
}
