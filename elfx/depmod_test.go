package elfx

import (
	"os"
	"path/filepath"
	"testing"
)

// TestHostileList refuses a modules.dep that is no file of a reasonable size, and goes on without.
func TestHostileList(t *testing.T) {
	const r = "lib/modules/6.0.0/"
	for name, create := range map[string]func(path string) error{
		"folder": func(path string) error { return os.Mkdir(path, 0o700) },
		"large":  func(path string) error { return os.WriteFile(path, []byte("foo.ko:"), 0o600) },
	} {
		dir := emptyTree(t, r+"extra/foo.ko", r+"foo.ko", r+"updates/bar.ko", r+"bar.ko")
		path := filepath.Join(dir, filepath.FromSlash(r+"modules.dep"))
		if err := create(path); err != nil {
			t.Fatal(err)
		}
		if name == "large" {
			if err := os.Truncate(path, maxList+1); err != nil {
				t.Logf("no sparse files here: %v", err)
				continue
			}
		}
		wantTree(t, dir, map[string]string{"foo": r + "extra/foo.ko", "bar": r + "updates/bar.ko"},
			r+"modules.dep")
	}
}
