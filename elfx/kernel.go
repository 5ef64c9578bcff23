package elfx

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/btfkit/btfkit/btf"
)

// SysDir is where a running kernel shows its BTF and its modules'.
const SysDir = "/sys/kernel/btf"

// KernelPaths returns where the BTF of the kernel of a release may be found, best first, in a
// system whose root folder is root ("/" for this one). The order is libbpf's
// (btf__load_vmlinux_btf), without its first path, which is the running kernel's; the compressed
// images that libbpf cannot read come last.
func KernelPaths(root, release string) []string {
	paths := []string{
		"boot/vmlinux-R",
		"lib/modules/R/vmlinux-R",
		"lib/modules/R/build/vmlinux",
		"usr/lib/modules/R/kernel/vmlinux",
		"usr/lib/debug/boot/vmlinux-R",
		"usr/lib/debug/boot/vmlinux-R.debug",
		"usr/lib/debug/lib/modules/R/vmlinux",
		"lib/modules/R/vmlinuz",
		"usr/lib/modules/R/vmlinuz",
		"boot/vmlinuz-R",
	}
	for i, path := range paths {
		path = strings.ReplaceAll(path, "R", release)
		paths[i] = filepath.Join(root, filepath.FromSlash(path))
	}
	return paths
}

// RunningRelease returns the release of the running kernel, as uname -r prints it, from the proc
// file system below root.
func RunningRelease(root string) (string, error) {
	b, err := os.ReadFile(filepath.Join(root, "proc/sys/kernel/osrelease"))
	return strings.TrimSpace(string(b)), err
}

// OpenKernel opens the BTF of the running kernel of the system at root ("/" for this one, or where
// an agent in a container sees its host): from [SysDir], else from the first of [KernelPaths] that
// holds BTF. It also returns the path. If there is none, the error is ErrNoBTF and says what was
// tried. For a path of your own, use [OpenFile].
func OpenKernel(ctx context.Context, root string, b Backend, limits *Options) (
	spec *btf.Spec, path string, err error) {
	if b.Parse == nil {
		return nil, "", errNoBackend
	}
	paths := []string{filepath.Join(root, SysDir, "vmlinux")}
	release, err := RunningRelease(root)
	if err == nil {
		paths = append(paths, KernelPaths(root, release)...)
	}
	return openFirst(ctx, paths, b, limits)
}

// openFirst opens the first file that holds BTF. Only the end of the context stops it early.
func openFirst(ctx context.Context, paths []string, b Backend, limits *Options) (
	*btf.Spec, string, error) {
	var tried []string
	for _, path := range paths {
		spec, err := OpenFile(ctx, path, nil, b, limits)
		if err == nil {
			return spec, path, nil
		}
		if ctx.Err() != nil {
			return nil, "", err
		}
		if errors.Is(err, fs.ErrNotExist) {
			tried = append(tried, path+": does not exist")
		} else {
			tried = append(tried, strings.TrimPrefix(err.Error(), "elfx: "))
		}
	}
	err := fmt.Errorf("%w of the kernel: give the path of its vmlinux or vmlinuz", ErrNoBTF)
	return nil, "", &Error{Err: err, Tried: tried}
}
