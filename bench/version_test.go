package bench

import (
	"runtime/debug"
	"strings"
	"testing"
)

func TestVersion(t *testing.T) {
	const commit = "0123456789abcdef0123456789abcdef01234567"
	for _, c := range []struct{ version, commit, modified, want string }{
		{"", "", "", "devel"},
		{"(devel)", "", "", "devel"},
		{"(devel)", commit, "false", "devel+0123456789ab"},
		{"(devel)", commit, "true", "devel+0123456789ab.dirty"},
		{"v0.3.0", "", "", "v0.3.0"},
		{"v0.3.0", commit, "false", "v0.3.0+0123456789ab"},
		{"v0.0.0-20251125081600-0123456789ab", commit, "false", "v0.0.0-20251125081600-0123456789ab"},
		{"v0.0.0-20251125081600-0123456789ab+dirty", commit, "true",
			"v0.0.0-20251125081600-0123456789ab+dirty"},
	} {
		info := &debug.BuildInfo{Main: debug.Module{Version: c.version}}
		if c.commit != "" {
			info.Settings = []debug.BuildSetting{
				{Key: "vcs.revision", Value: c.commit}, {Key: "vcs.modified", Value: c.modified},
			}
		}
		if got := versionOf(info); got != c.want {
			t.Errorf("%+v: %s", c, got)
		}
	}
	if v := Version(); v == "" || strings.ContainsAny(v, " \t\n") {
		t.Errorf("this program's version is %q", v)
	}
}
