package elfx

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/btfkit/btfkit/btf"
	"github.com/btfkit/btfkit/btf/store"
)

// stuckBackend opens files when it is told to, and says when what it opened is closed.
type stuckBackend struct {
	btf.Backend
	started chan struct{}
	release chan struct{}
	closed  chan struct{}
}

func (b stuckBackend) Open(path string, base *btf.Spec) (*btf.Spec, error) {
	close(b.started)
	<-b.release
	data, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	s := &closing{watched{data: string(data)}, b.closed}
	return store.Open(s, store.Options{Base: base})
}

// closing is a store that says when it is closed.
type closing struct {
	watched
	closed chan struct{}
}

func (c *closing) Close() error {
	close(c.closed)
	return nil
}

// TestOpenFileStuck returns when the context is done, whatever the file system does, and closes
// what comes of it in the end.
func TestOpenFileStuck(t *testing.T) {
	kernel, _ := kernelAndModule(t)
	dir := writeTree(t, map[string][]byte{"raw": kernel, "sys/kernel/btf/vmlinux": kernel})
	raw := filepath.Join(dir, "raw")
	for name, open := range map[string]func(context.Context, btf.Backend) error{
		"OpenFile": func(ctx context.Context, b btf.Backend) error {
			_, err := OpenFile(ctx, raw, nil, b, nil)
			return err
		},
		"OpenKernel": func(ctx context.Context, b btf.Backend) error {
			_, _, err := OpenKernel(ctx, dir, b, nil)
			return err
		},
		"Dir": func(ctx context.Context, b btf.Backend) error {
			_, err := Dir(ctx, dir, "raw", CollectionOptions{Kernel: b})
			return err
		},
		"Tree": func(ctx context.Context, b btf.Backend) error {
			_, err := Tree(ctx, dir, raw, CollectionOptions{Kernel: b})
			return err
		},
	} {
		b := stuckBackend{heap, make(chan struct{}), make(chan struct{}), make(chan struct{})}
		ctx, cancel := context.WithCancel(t.Context())
		go func() {
			<-b.started
			cancel()
		}()
		within(t, func() {
			if err := open(ctx, b); !errors.Is(err, context.Canceled) ||
				!strings.Contains(err.Error(), dir) {
				t.Errorf("%s: error %v, want that of the context and the path", name, err)
			}
		})
		close(b.release)
		within(t, func() { <-b.closed })
	}
}

// TestOpenFileBackground opens what needs no context to watch.
func TestOpenFileBackground(t *testing.T) {
	kernel, _ := kernelAndModule(t)
	path := filepath.Join(writeTree(t, map[string][]byte{"raw": kernel}), "raw")
	spec, err := OpenFile(context.Background(), path, nil, heap, nil)
	if err != nil {
		t.Fatal(err)
	}
	if err := spec.Close(); err != nil {
		t.Error(err)
	}
}

// TestTriedFiles lists the files of a tree that hold no kernel, and stops somewhere.
func TestTriedFiles(t *testing.T) {
	files := make(map[string][]byte)
	for i := range 200 {
		files[fmt.Sprintf("vmlinuz-%d", i)] = nil
	}
	_, err := Tree(t.Context(), writeTree(t, files), "", heapOptions)
	var e *Error
	if !errors.As(err, &e) || len(e.Tried) != maxListed+1 || e.Tried[maxListed] != "and 184 others" {
		t.Errorf("error %v", err)
	}
}

// TestOpenKernelCancelled tries no other file when the context is done.
func TestOpenKernelCancelled(t *testing.T) {
	root := writeTree(t, map[string][]byte{"proc/sys/kernel/osrelease": []byte("7.2\n")})
	for _, path := range KernelPaths(root, "7.2") {
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte("no BTF"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	for n := range 30 {
		ctx, late := cancelAfter(t.Context(), n)
		_, _, err := OpenKernel(ctx, root, heap, nil)
		if !errors.Is(err, context.Canceled) || *late > 5 {
			t.Fatalf("after %d looks: error %v, %d looks later", n, err, *late)
		}
	}
}
