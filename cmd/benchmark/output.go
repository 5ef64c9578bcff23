package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/btfkit/btfkit/bench/session"
)

// checkOutput says before a run what would keep its page from being written. It leaves everything
// as it is.
func checkOutput(path string) error {
	st, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		dir := filepath.Dir(path)
		if target, err := os.Readlink(path); err == nil { // a link to what is to be made
			if dir = filepath.Dir(target); !filepath.IsAbs(target) {
				dir = filepath.Join(filepath.Dir(path), dir)
			}
		}
		return checkFolder(dir)
	case err != nil:
		return err
	case st.IsDir():
		return fmt.Errorf("%s: is a directory", path)
	case !st.Mode().IsRegular():
		return nil // to open a pipe may wait for its reader
	}
	f, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	if err := f.Close(); err != nil || isThrough(path) {
		return err
	}
	return checkFolder(filepath.Dir(path))
}

// checkFolder tries whether a file can be made in a folder.
func checkFolder(dir string) error {
	f, err := os.CreateTemp(dir, ".benchmark*")
	if err != nil {
		return err
	}
	return errors.Join(f.Close(), os.Remove(f.Name()))
}

// isThrough reports whether a path is written through, since it is a device, a pipe or a link,
// which a new file in its place would destroy.
func isThrough(path string) bool {
	st, err := os.Lstat(path)
	return err == nil && !st.Mode().IsRegular()
}

// writeOutput writes a page: a new or a regular file whole or not at all, anything else through. It
// returns soon after ctx is done, even if nobody reads the pipe.
func writeOutput(ctx context.Context, path string, write func(io.Writer) error) error {
	var page bytes.Buffer
	if err := write(&page); err != nil {
		return err
	}
	toFile := func(out io.Writer) error { _, err := page.WriteTo(out); return err }
	if !isThrough(path) {
		return writeFile(path, toFile)
	}
	_, err := session.Await(ctx, func() (none struct{}, err error) {
		f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, 0o644)
		if err != nil {
			return none, err
		}
		return none, errors.Join(toFile(f), f.Close())
	})
	return err
}

// writeFile writes a file whole or not at all. It keeps the permissions of one that it replaces.
func writeFile(path string, write func(io.Writer) error) error {
	mode := fs.FileMode(0o644)
	if st, err := os.Stat(path); err == nil {
		mode = st.Mode().Perm()
	}
	f, err := os.CreateTemp(filepath.Dir(path), filepath.Base(path)+".tmp*")
	if err != nil {
		return err
	}
	err = errors.Join(write(f), f.Chmod(mode), f.Close())
	if err == nil {
		err = os.Rename(f.Name(), path)
	}
	if err != nil {
		return errors.Join(err, os.Remove(f.Name()))
	}
	return nil
}
