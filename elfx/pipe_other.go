//go:build !unix || darwin || ios

package elfx

import "os"

// nonBlocking is not available here: opening a named pipe waits for its writer.
const nonBlocking = 0

// firstRead is not needed where opening waits.
func firstRead(*os.File, []byte) (int, error) { return 0, nil }
