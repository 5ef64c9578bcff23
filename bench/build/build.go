// Package build tells which btfkit a program is built from, for everything that it prints.
package build

import (
	"runtime/debug"
	"strings"
)

// prefix begins the paths of all modules of btfkit.
const prefix = "github.com/btfkit/btfkit/"

// release is the version that "make dist" builds, which the linker writes here: the go command
// knows only the versions of modules that it downloaded.
var release string

// Version returns the version of btfkit and, where the go command recorded it, the commit: one
// word without blanks, such as v0.3.0 of an installed program, or devel+0123456789ab of one that
// was built in a clone, with .dirty behind it if files there were changed.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		info = new(debug.BuildInfo)
	}
	return version(info, release)
}

func version(info *debug.BuildInfo, release string) string {
	v := release
	own := strings.HasPrefix(info.Main.Path, prefix)
	if v == "" && own {
		v = info.Main.Version
	}
	for _, dep := range info.Deps { // of another's program, which has a version of its own
		if v == "" && strings.HasPrefix(dep.Path, prefix) {
			v = dep.Version
		}
	}
	if v == "" || v == "(devel)" {
		v = "devel"
	}
	settings := make(map[string]string)
	for _, s := range info.Settings {
		settings[s.Key] = s.Value
	}
	commit := settings["vcs.revision"]
	if !own || len(commit) < 12 || strings.Contains(v, commit[:12]) {
		return v // which names the commit, if it is a pseudo-version
	}
	v += "+" + commit[:12]
	if settings["vcs.modified"] == "true" {
		v += ".dirty"
	}
	return v
}
