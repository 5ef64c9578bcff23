package elfx

import (
	"context"
	"os"
	"path/filepath"

	"github.com/btfkit/btfkit/btf/modules"
)

// Machine opens the running kernel with all its modules. It reads [SysDir] as [Dir] does. If
// there is no kernel in it, it reads the files of lib/modules for the running release as [Tree]
// does. root is the root folder of the system: "/" for this one, or the folder where an agent in
// a container sees its host.
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
