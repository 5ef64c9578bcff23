package elfx

import (
	"context"
	"os"
	"path/filepath"

	"github.com/btfkit/btfkit/btf/modules"
)

// Machine opens the running kernel with all its modules, of the system at root ("/" for this one,
// or where an agent in a container sees its host): what [SysDir] shows, see [Dir], or, where that
// has no kernel, the files of lib/modules for the running release, see [Tree].
func Machine(ctx context.Context, root string, o CollectionOptions) (*modules.Collection, error) {
	sys := filepath.Join(root, SysDir)
	if _, err := os.Stat(filepath.Join(sys, "vmlinux")); err == nil {
		return Dir(ctx, sys, "", o)
	}
	release, err := RunningRelease(root)
	if err != nil {
		return nil, err
	}
	return Tree(ctx, filepath.Join(root, "lib", "modules", release), "", o)
}
