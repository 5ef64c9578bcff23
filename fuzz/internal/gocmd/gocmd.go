// Package gocmd holds what the commands of this module need to run the go command.
package gocmd

import (
	"errors"
	"fmt"
	"os/exec"
	"path/filepath"
	"strings"
)

// Workspace returns the folder of go.work.
func Workspace() (string, error) {
	out, err := exec.Command("go", "env", "GOWORK").Output()
	if err != nil {
		return "", fmt.Errorf("go env GOWORK: %w", err)
	}
	path := strings.TrimSpace(string(out))
	if path == "" || path == "off" {
		return "", errors.New("no go.work in this folder or above; run it in the repository")
	}
	return filepath.Dir(path), nil
}

// EndTogether makes what cmd starts end with it, as far as the system allows: the go command
// starts a test program, which starts the workers of the fuzz engine.
func EndTogether(cmd *exec.Cmd) { endGroup(cmd) }
