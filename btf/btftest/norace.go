//go:build !race

package btftest

// raceEnabled says that the race detector is on.
const raceEnabled = false
