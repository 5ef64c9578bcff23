package build

import (
	"regexp"
	"runtime/debug"
	"testing"
)

func TestVersion(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	module := func(path, version string) debug.Module {
		return debug.Module{Path: path, Version: version}
	}
	ours := func(version string) debug.Module { return module(prefix+"cmd/benchmark", version) }
	vcs := func(modified string) []debug.BuildSetting {
		return []debug.BuildSetting{{Key: "GOOS", Value: "linux"},
			{Key: "vcs.revision", Value: commit}, {Key: "vcs.modified", Value: modified}}
	}
	other, bench := module("example.com/y", "v8.0.0"), module(prefix+"bench", "v0.2.0")
	for _, test := range []struct {
		about   string
		info    debug.BuildInfo
		release string
		want    string
	}{
		{"installed", debug.BuildInfo{Main: ours("v0.3.0"), Deps: []*debug.Module{&bench}}, "",
			"v0.3.0"},
		{"built in a clone", debug.BuildInfo{Main: ours("(devel)"), Settings: vcs("false")}, "",
			"devel+0123456789ab"},
		{"built in a changed clone", debug.BuildInfo{Main: ours("(devel)"), Settings: vcs("true")},
			"", "devel+0123456789ab.dirty"},
		{"go run", debug.BuildInfo{Main: ours("(devel)")}, "", "devel"},
		{"make dist", debug.BuildInfo{Main: ours("(devel)"), Settings: vcs("false")}, "v0.3.0",
			"v0.3.0+0123456789ab"},
		{"another's program", debug.BuildInfo{Main: module("example.com/x", "v9.0.0"),
			Deps: []*debug.Module{&other, &bench}, Settings: vcs("false")}, "", "v0.2.0"},
		{"no information", debug.BuildInfo{}, "", "devel"},
	} {
		if got := version(&test.info, test.release); got != test.want {
			t.Errorf("%s: %s, want %s", test.about, got, test.want)
		}
	}
	if got := Version(); !regexp.MustCompile(`^\S+$`).MatchString(got) {
		t.Errorf("Version: %q", got)
	}
}
