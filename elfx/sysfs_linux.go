package elfx

import "syscall"

// isSysfs says whether a directory is the kernel's own, as [SysDir] is. Its files get new times
// when they are looked at again after a while; those of a module that was loaded anew are other
// files.
func isSysfs(dir string) bool {
	const magic = 0x62656572 // SYSFS_MAGIC of uapi/linux/magic.h
	var st syscall.Statfs_t
	return syscall.Statfs(dir, &st) == nil && uint32(st.Type) == magic
}
