//go:build !linux

package elfx

// isSysfs says whether a directory is a kernel's own, which only Linux has.
func isSysfs(string) bool { return false }
