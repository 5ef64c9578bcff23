//go:build unix && !darwin && !ios

package elfx

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"math"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// namedPipe makes a named pipe.
func namedPipe(t *testing.T) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "pipe")
	if err := syscall.Mkfifo(path, 0o666); err != nil {
		t.Fatal(err)
	}
	return path
}

// writePipe opens the pipe for writing once somebody reads it, and writes parts with pauses.
func writePipe(t *testing.T, path string, parts ...[]byte) {
	time.Sleep(30 * time.Millisecond)
	w, err := os.OpenFile(path, os.O_WRONLY, 0)
	if err != nil {
		t.Error(err)
		return
	}
	for _, part := range parts {
		time.Sleep(30 * time.Millisecond)
		if _, err := w.Write(part); err != nil {
			t.Error(err)
		}
	}
	w.Close()
}

// TestNamedPipe waits for a pipe's writer, who comes late and pauses, and knows one who writes
// nothing.
func TestNamedPipe(t *testing.T) {
	blob := smallBTF(binary.LittleEndian)
	path := namedPipe(t)
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	go writePipe(t, path, blob[:1], blob[1:99], blob[99:])
	if d, err := ExtractFile(ctx, path, nil); err != nil || !bytes.Equal(d.BTF, blob) {
		t.Errorf("%v, error %v", d, err)
	}
	go writePipe(t, path)
	if d, err := ExtractFile(ctx, path, nil); !errors.Is(err, ErrNoBTF) {
		t.Errorf("empty: %v, error %v", d, err)
	}
	go writePipe(t, path, blob)
	if d, err := ExtractFile(ctx, path, &Options{MaxSize: 9}); !errors.Is(err, ErrTooLarge) {
		t.Errorf("too large: %v, error %v", d, err)
	}
}

// TestSilentFiles ends with the context, whatever it waits for or reads: pipes that nobody writes,
// that nobody opens, a device and a file without end. Nothing stays behind.
func TestSilentFiles(t *testing.T) {
	alone, silent, part := namedPipe(t), namedPipe(t), namedPipe(t)
	for _, path := range []string{silent, part} { // reading and writing does not wait for a reader
		w, err := os.OpenFile(path, os.O_RDWR, 0)
		if err != nil {
			t.Fatal(err)
		}
		defer w.Close()
		if path == part {
			if _, err := w.WriteString("\x9f\xeb"); err != nil {
				t.Fatal(err)
			}
		}
	}
	sparse := filepath.Join(t.TempDir(), "sparse")
	f, err := os.Create(sparse)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(200 << 30); err != nil {
		skipFiles(t, "no large files here: %v: set TMPDIR to a file system with sparse ones", err)
	}
	goroutines := runtime.NumGoroutine()
	unlimited := &Options{MaxSize: -1, MaxRatio: -1}
	for _, path := range []string{alone, silent, part, "/dev/zero", sparse} {
		ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
		start := time.Now()
		d, err := ExtractFile(ctx, path, unlimited)
		if !errors.Is(err, context.DeadlineExceeded) {
			t.Errorf("%s: %v, error %v", path, d, err)
		}
		if took := time.Since(start); took > 10*time.Second {
			t.Errorf("%s: took %v", path, took)
		}
		cancel()
	}
	for range 100 {
		if runtime.NumGoroutine() <= goroutines {
			break
		}
		time.Sleep(10 * time.Millisecond)
	}
	if n := runtime.NumGoroutine(); n > goroutines {
		t.Errorf("%d goroutines more than before", n-goroutines)
	}
	for _, path := range []string{"/dev/zero", sparse} {
		opts := &Options{MaxSize: 1 << 20}
		if _, err := ExtractFile(context.Background(), path, opts); !errors.Is(err, ErrTooLarge) {
			t.Errorf("%s: error %v", path, err)
		}
	}
}

// TestSparseSections reads no more of a section than the context allows, however many bytes a file
// with holes says it has.
func TestSparseSections(t *testing.T) {
	e := testELF{class: 64, order: binary.LittleEndian, sections: []testSection{
		{name: ".BTF", typ: shtNobits, size: 100 << 30},
	}}
	file := e.build(t)
	shoff := binary.LittleEndian.Uint64(file[elf64.ehShoff:])
	binary.LittleEndian.PutUint32(file[shoff+64+4:], shtProgbits)
	path := filepath.Join(t.TempDir(), "sparse.ko")
	if err := os.WriteFile(path, file, 0o666); err != nil {
		t.Fatal(err)
	}
	if err := os.Truncate(path, 200<<30); err != nil {
		skipFiles(t, "no large files here: %v: set TMPDIR to a file system with sparse ones", err)
	}
	ctx, cancel := context.WithTimeout(context.Background(), 50*time.Millisecond)
	defer cancel()
	_, err := ExtractFile(ctx, path, &Options{MaxSize: math.MaxInt64})
	if !errors.Is(err, context.DeadlineExceeded) {
		t.Errorf("error %v", err)
	}
	if _, err := ExtractFile(context.Background(), path, nil); !errors.Is(err, ErrTooLarge) {
		t.Errorf("within the limit: error %v", err)
	}
}

// skipFiles skips a test that needs files of odd kinds; it fails where BTFKIT_REQUIRE has files.
func skipFiles(t *testing.T, why string, args ...any) {
	t.Helper()
	if slices.Contains(strings.Split(os.Getenv("BTFKIT_REQUIRE"), ","), "files") {
		t.Fatalf("BTFKIT_REQUIRE has files, but "+why, args...)
	}
	t.Skipf(why, args...)
}
