//go:build unix && !darwin && !ios

package elfx

import (
	"os"
	"syscall"
)

// nonBlocking opens a pipe without waiting for a writer.
const nonBlocking = syscall.O_NONBLOCK

// firstRead waits for data in a pipe that may have no writer yet, or for its end, and reads some. A
// pipe reads as ended before its first writer comes, too, but only what happens to it afterwards
// wakes this up.
func firstRead(f *os.File, p []byte) (n int, err error) {
	conn, err := f.SyscallConn()
	if err != nil {
		return 0, err
	}
	waited := false
	waitErr := conn.Read(func(fd uintptr) (done bool) {
		for {
			n, err = syscall.Read(int(fd), p)
			switch {
			case err == syscall.EINTR:
				continue
			case err == syscall.EAGAIN, n == 0 && err == nil && !waited:
				n, err, waited = 0, nil, true
				return false
			}
			return true
		}
	})
	if waitErr != nil {
		return 0, waitErr
	}
	return max(n, 0), err
}
