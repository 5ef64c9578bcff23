package elfx

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// openFile opens a file for reading. Opening a named pipe waits until somebody writes it, and
// nothing ends that wait. So it is opened without waiting, and silent says that reading has to
// wait: a pipe without a writer reads as ended.
func openFile(path string) (f *os.File, silent bool, err error) {
	if st, err := os.Stat(path); err == nil && st.Mode()&fs.ModeNamedPipe != 0 {
		_, err := filepath.EvalSymlinks(path)
		silent = err == nil && nonBlocking != 0 // /dev/stdin is none: it is open already
	}
	if silent {
		f, err = os.OpenFile(path, os.O_RDONLY|nonBlocking, 0)
	} else {
		f, err = os.Open(path)
	}
	return f, silent, err
}

// readPipe reads what has no size, such as a pipe or a device, to its end or to the limit. It
// returns soon after the context is done, while a pipe is silent, too.
func readPipe(ctx context.Context, f *os.File, silent bool, b *budget) ([]byte, error) {
	stop := context.AfterFunc(ctx, func() { _ = f.SetReadDeadline(time.Unix(1, 0)) })
	defer stop()
	b.unpack = unlimited // there is no size yet for a ratio to refer to
	b.spare = b.unpackable() / 4
	s := &sink{ctx: ctx, budget: b}
	var err error
	if s.out, err = b.buffer(step); err == nil && silent {
		var n int
		n, err = firstRead(f, s.out[:min(leastBuffer, b.size)])
		s.out = s.out[:n]
		b.size -= int64(n)
	}
	if err == nil {
		err = s.readAll(f)
	}
	switch {
	case ctx.Err() != nil:
		return nil, ctx.Err()
	case errors.Is(err, ErrTooLarge):
		return nil, b.checkRead("input", b.maxSize+1)
	}
	return s.out, err
}
