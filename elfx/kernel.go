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

// SysDir is the folder in which a running kernel shows its own BTF and the BTF of its
// modules.
const SysDir = "/sys/kernel/btf"

// KernelPaths returns where the BTF of the kernel of a release may be found, best first, in a
// system whose root folder is root ("/" for this one). The order is libbpf's
// (btf__load_vmlinux_btf), without its first path, which is the running kernel's. Compressed
// files, which libbpf cannot read, come last.
func KernelPaths(root, release string) []string {
	paths := []string{
		"boot/vmlinux-R",
		"lib/modules/R/vmlinux-R",
		"lib/modules/R/build/vmlinux",
		"usr/lib/modules/R/kernel/vmlinux",
		"usr/lib/debug/boot/vmlinux-R",
		"usr/lib/debug/boot/vmlinux-R.debug",
		"usr/lib/debug/lib/modules/R/vmlinux",
		"boot/vmlinux-R.xz", // SUSE's, as are the next ones
		"boot/vmlinux-R.gz",
		"lib/modules/R/vmlinux.xz",
		"usr/lib/modules/R/vmlinux.xz",
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
// file system below root. An error is the operating system's and names the path.
func RunningRelease(root string) (string, error) {
	b, err := os.ReadFile(filepath.Join(root, "proc/sys/kernel/osrelease"))
	if err != nil {
		return "", fmt.Errorf("elfx: release of the running kernel: %w", err)
	}
	return strings.TrimSpace(string(b)), nil
}

// OpenKernel opens the BTF of the running kernel: the file in [SysDir], else the first of
// [KernelPaths] that holds BTF. root is the root folder of the system: "/" for this one, or the
// folder where an agent in a container sees its host. OpenKernel also returns the path of the
// file. If there is none, the error is ErrNoBTF and says which paths it tried. For a path of your
// own, use [OpenFile].
func OpenKernel(ctx context.Context, root string, b btf.Backend, limits *Options) (
	spec *btf.Spec, path string, err error) {
	if b == nil {
		return nil, "", errNoBackend
	}
	none := &Error{
		Err: fmt.Errorf("%w of the kernel: give the path of its vmlinux or vmlinuz", ErrNoBTF),
	}
	paths := []string{filepath.Join(root, SysDir, "vmlinux")}
	release, err := RunningRelease(root)
	if err != nil {
		none.Tried = append(none.Tried, withoutPrefix(err))
	} else {
		paths = append(paths, KernelPaths(root, release)...)
	}
	k, err := openFirst(ctx, paths, b, limits, none)
	return k.spec, k.path, err
}

// kernelFound is a kernel that was opened, and the extras that its file holds.
type kernelFound struct {
	spec   *btf.Spec
	path   string
	extras []string
}

// openFirst opens the first file that holds BTF. If there is none it returns the error none, with
// what was tried added. Only the end of the context stops it early.
func openFirst(ctx context.Context, paths []string, b btf.Backend, limits *Options, none *Error) (
	kernelFound, error) {
	var failed []string
	for _, path := range paths {
		spec, extras, err := openFileAndExtras(ctx, path, nil, b, limits)
		if err == nil {
			return kernelFound{spec, path, extras}, nil
		}
		if done := ctx.Err(); done != nil {
			return kernelFound{}, &Error{Path: path, Err: done}
		}
		if errors.Is(err, fs.ErrNotExist) {
			failed = append(failed, path+": does not exist")
		} else {
			failed = append(failed, withoutPrefix(err))
		}
	}
	if n := len(failed) - maxListed; n > 0 {
		failed = append(failed[:maxListed], fmt.Sprintf("and %d others", n))
	}
	none.Tried = append(none.Tried, failed...)
	return kernelFound{}, none
}

// maxListed is how many files an error lists: all of KernelPaths, not all of a hostile tree.
const maxListed = 16

// withoutPrefix is an error as a part of another one of this package.
func withoutPrefix(err error) string { return strings.TrimPrefix(err.Error(), "elfx: ") }
