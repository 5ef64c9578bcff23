package bench

import (
	"runtime/debug"
	"strings"
)

// Version says which btfkit this program was built from: the version of its main module, "devel" if
// it has none, then a plus sign and the commit, if the build recorded one. ".dirty" says that the
// tree had changes that were not committed. A Version has no blanks.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "devel"
	}
	return versionOf(info)
}

func versionOf(info *debug.BuildInfo) string {
	version := info.Main.Version
	if version == "" || version == "(devel)" {
		version = "devel"
	}
	commit, suffix := "", ""
	for _, s := range info.Settings {
		switch s.Key {
		case "vcs.revision":
			commit = s.Value[:min(12, len(s.Value))]
		case "vcs.modified":
			if s.Value == "true" {
				suffix = ".dirty"
			}
		}
	}
	if commit == "" || strings.Contains(version, commit) { // a pseudo-version names the commit
		return version
	}
	return version + "+" + commit + suffix
}
