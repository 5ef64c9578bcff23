//go:build !unix

package gocmd

import "os/exec"

func endGroup(*exec.Cmd) {}
