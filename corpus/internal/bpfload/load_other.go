//go:build !linux

package bpfload

import "syscall"

func load([]byte) error { return syscall.ENOSYS }
