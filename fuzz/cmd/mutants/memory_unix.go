//go:build unix

package main

import "os/exec"

// limitMemory bounds the address space of a command and what it starts: a mutant may allocate
// without end.
func limitMemory(cmd *exec.Cmd) {
	const script = `ulimit -v 16777216 2>/dev/null; exec "$@"`
	sh, err := exec.LookPath("sh")
	if err != nil || cmd.Err != nil {
		return
	}
	cmd.Args = append([]string{"sh", "-c", script, "sh", cmd.Path}, cmd.Args[1:]...)
	cmd.Path = sh
}
