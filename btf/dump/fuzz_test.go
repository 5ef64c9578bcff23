package dump_test

import (
	"bytes"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/btftest"
	"github.com/btfkit/btfkit/btf/dump"
)

// FuzzDump writes whatever can be opened in each form. The output is linear in the input and in
// the names that it refers to; JSON is JSON, if the names are.
func FuzzDump(f *testing.F) {
	for _, blob := range btftest.Blobs() {
		if blob.Base == nil && len(blob.Data) < 16<<10 {
			f.Add(blob.Data)
		}
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		if len(data) > 64<<10 {
			return
		}
		spec, err := btf.Parse(data, nil)
		if err != nil {
			return
		}
		checkForms(t, spec, false)
		var out bytes.Buffer
		dump.Raw(&out, spec)
		if first, end := spec.IDs(); bytes.Count(out.Bytes(), []byte("\n")) < int(end-first)-1 {
			t.Errorf("%d types in %s", end-first-1, out.Bytes())
		}
	})
}
