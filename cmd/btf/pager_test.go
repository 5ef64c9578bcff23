package main

import (
	"os/exec"
	"strings"
	"testing"
)

// On a terminal, output is coloured and goes through $PAGER; errors do not, and start none.
func TestTerminal(t *testing.T) {
	if _, err := exec.LookPath("sed"); err != nil {
		t.Skip("needs sh and sed, as pagers do")
	}
	workspace(t)
	plain := "sk_buff.len: [15] INT unsigned int at byte 112, 4 bytes\n"
	colour := strings.Replace(plain, "[15]", "\x1b[33m[15]\x1b[m", 1)
	pager := map[string]string{"PAGER": "sed s/^/paged:/"}
	for _, test := range []struct {
		env  map[string]string
		args string
		want string
	}{
		{pager, "path sk_buff.len", "paged:" + colour},
		{pager, "path sk_buff.len --no-pager", colour},
		{pager, "path sk_buff.len --color never", "paged:" + plain},
		{map[string]string{"PAGER": ""}, "path sk_buff.len", colour},
		{map[string]string{"PAGER": "cat"}, "path sk_buff.len", colour},
		{map[string]string{"PAGER": "", "NO_COLOR": "1"}, "path sk_buff.len", plain},
		{map[string]string{"PAGER": "", "TERM": "dumb"}, "path sk_buff.len", plain},
		{map[string]string{"PAGER": "echo started"}, "path sk_buff.nosuch", ""},
		{map[string]string{"PAGER": "true"}, "dump", ""},
	} {
		var out, stderr strings.Builder
		a := &app{stdout: &out, stderr: &stderr, root: ".", terminal: true,
			getenv: func(name string) (string, bool) { v, ok := test.env[name]; return v, ok }}
		status := a.run(strings.Fields(test.args))
		if out.String() != test.want || (status != 0) != strings.Contains(test.args, "nosuch") {
			t.Errorf("%v %s: status %d, %q; want %q", test.env, test.args, status, out.String(), test.want)
		}
	}
}

// BTF is no text to be shown on a terminal.
func TestExtractToTerminal(t *testing.T) {
	workspace(t)
	var out, stderr strings.Builder
	a := &app{stdout: &out, stderr: &stderr, root: ".", terminal: true, getenv: noEnvironment}
	if status := a.run([]string{"extract", "prog.btf", "-o", "-"}); status != statusUsage ||
		out.Len() > 0 {
		t.Errorf("status %d, %d bytes, %s", status, out.Len(), &stderr)
	}
}
