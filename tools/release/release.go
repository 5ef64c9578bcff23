package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/semver"
)

// A release is one run of this program.
type release struct {
	ctx     context.Context
	root    string // of the repository
	scratch string // the folder that everything is made in
	version string // empty in a dry run: the next one
	dry     bool
	program string // source of what a user outside compiles
	out     io.Writer

	modules []*module // siblings first
	prefix  string    // of all module paths
	env     []string  // for the go command
}

// clone is the repository that the release is made in.
func (r *release) clone() string { return filepath.Join(r.scratch, "tree") }

// proxy is the module proxy of files.
func (r *release) proxy() string { return filepath.Join(r.scratch, "proxy") }

// make does all of it.
func (r *release) make() error {
	for _, step := range []struct {
		about string
		do    func() error
	}{
		{"choose a version", r.chooseVersion},
		{"clone the repository", r.cloneTree},
		{"read go.work", r.readModules},
		{"date the changelog", r.dateChangelog},
		{"commit modules that require each other", r.commitRelease},
		{"test every module without the workspace", r.test},
		{"tag", r.tag},
		{"bring the replacements back", r.restore},
		{"use it from outside", r.useOutside},
		{"install the commands", r.installCommands},
	} {
		began := time.Now()
		if err := step.do(); err != nil {
			return fmt.Errorf("%s: %w", step.about, err)
		}
		fmt.Fprintf(r.out, "%-40s %5.1fs\n", step.about, time.Since(began).Seconds())
	}
	return nil
}

// command runs a program and returns what it prints; an error has that, too.
func (r *release) command(dir string, name string, args ...string) (string, error) {
	cmd := exec.CommandContext(r.ctx, name, args...)
	cmd.Dir = dir
	cmd.Env = append(os.Environ(), r.env...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return "", fmt.Errorf("%s %s: %w\n%s%s", name, strings.Join(args, " "), err,
			stdout.Bytes(), stderr.Bytes())
	}
	return strings.TrimSpace(stdout.String()), nil
}

// git runs git in the clone.
func (r *release) git(args ...string) (string, error) {
	return r.command(r.clone(), "git", args...)
}

// chooseVersion checks the version against the last, or takes the next one in a dry run.
func (r *release) chooseVersion() error {
	tags, err := r.command(r.root, "git", "tag", "--list", "btf/v*")
	if err != nil {
		return err
	}
	last := "v0.0.0"
	for tag := range strings.FieldsSeq(tags) {
		if v := strings.TrimPrefix(tag, "btf/"); semver.Compare(v, last) > 0 {
			last = v
		}
	}
	if r.version == "" {
		var major, minor int
		fmt.Sscanf(last, "v%d.%d", &major, &minor)
		r.version = fmt.Sprintf("v%d.%d.0-dry", major, minor+1)
	}
	switch {
	case semver.Canonical(r.version) != r.version:
		return fmt.Errorf("%q is no version such as v0.3.0", r.version)
	case semver.Compare(r.version, last) <= 0:
		return fmt.Errorf("%s does not follow %s", r.version, last)
	}
	return nil
}

// cloneTree clones the commit that is checked out. What is not committed cannot be released.
func (r *release) cloneTree() error {
	changed, err := r.command(r.root, "git", "status", "--porcelain", "--untracked-files=no")
	if err != nil {
		return err
	}
	if changed != "" && !r.dry {
		return fmt.Errorf("changes that are not committed:\n%s", changed)
	}
	if _, err := r.command(r.scratch, "git", "clone", "-q", r.root, r.clone()); err != nil {
		return err
	}
	for _, key := range []string{"user.name", "user.email"} {
		value, err := r.command(r.root, "git", "config", key)
		if err != nil && r.dry {
			value = "dry-run" // machines of CI are nobody
		}
		if value == "" {
			continue // git may know better, or says what to do
		}
		if _, err := r.git("config", key, value); err != nil {
			return err
		}
	}
	return r.setEnv()
}

// setEnv makes the go command use our proxy first, then what this machine has in its cache,
// then the proxy that it uses otherwise. Modules are unpacked apart from those of the machine,
// which must not remember a release that nobody published.
func (r *release) setEnv() error {
	usual, err := r.command(r.root, "go", "env", "GOPROXY", "GOMODCACHE")
	if err != nil {
		return err
	}
	proxy, cache, _ := strings.Cut(usual, "\n")
	r.env = []string{
		"GOWORK=off",
		"GOFLAGS=-mod=mod -modcacherw",
		"GOMODCACHE=" + filepath.Join(r.scratch, "cache"),
		"GOBIN=" + filepath.Join(r.scratch, "bin"),
		"GOPROXY=" + strings.Join([]string{fileURL(r.proxy()),
			fileURL(filepath.Join(cache, "cache", "download")), proxy}, ","),
		"GONOPROXY=none",
	}
	return os.MkdirAll(r.proxy(), 0o755)
}

func fileURL(dir string) string {
	dir = filepath.ToSlash(dir)
	if !strings.HasPrefix(dir, "/") {
		dir = "/" + dir
	}
	return "file://" + dir
}

// dateChangelog puts the version's heading below that of what is unreleased.
func (r *release) dateChangelog() error {
	name := filepath.Join(r.clone(), "CHANGELOG.md")
	text, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	const heading = "\n## Unreleased\n"
	head, rest, ok := strings.Cut(string(text), heading)
	news, _, _ := strings.Cut(rest, "\n## ")
	if !ok || strings.TrimSpace(news) == "" {
		return errors.New("CHANGELOG.md has nothing under \"## Unreleased\"")
	}
	dated := fmt.Sprintf("%s%s\n## %s - %s\n%s", head, heading, r.version,
		time.Now().UTC().Format(time.DateOnly), rest)
	return os.WriteFile(name, []byte(dated), 0o644)
}

// commitRelease lets every module require its siblings as they will be published, in the order
// of the arrows, since a module's sums hold the contents of what it requires.
func (r *release) commitRelease() error {
	commit := []string{"commit", "-q", "-a", "-m", "Release " + r.version}
	for _, m := range r.modules {
		if err := m.require(r, false); err != nil {
			return err
		}
		if _, err := r.command(r.folder(m), "go", "mod", "tidy"); err != nil {
			return fmt.Errorf("module %s: %w", m.dir, err)
		}
		if _, err := r.git("add", "-A"); err != nil {
			return err
		}
		if _, err := r.git(commit...); err != nil {
			return err
		}
		if err := r.publish(m); err != nil {
			return fmt.Errorf("module %s: %w", m.dir, err)
		}
		commit = []string{"commit", "-q", "-a", "--amend", "--no-edit", "--allow-empty"}
	}
	return nil
}

// test tests what is tagged later, as it will be: with siblings out of the proxy.
func (r *release) test() error {
	args := []string{"test"}
	if r.dry {
		args = append(args, "-short")
	}
	for _, m := range r.modules {
		out, err := r.command(r.folder(m), "go", append(args, "./...")...)
		if err != nil {
			return fmt.Errorf("module %s: %w", m.dir, err)
		}
		fmt.Fprintln(r.out, out)
	}
	return nil
}

func (r *release) folder(m *module) string {
	return filepath.Join(r.clone(), filepath.FromSlash(m.dir))
}

func (r *release) tags() (tags []string) {
	for _, m := range r.modules {
		tags = append(tags, path.Join(m.dir, r.version))
	}
	return tags
}

func (r *release) tag() error {
	for _, tag := range r.tags() {
		if _, err := r.git("tag", "-a", "-m", "Release "+r.version, tag); err != nil {
			return err
		}
	}
	return nil
}

// restore commits the replacements again, so that modules build with what is beside them. What
// they require stays the released version, which exists.
func (r *release) restore() error {
	for _, m := range r.modules {
		if _, err := r.git("checkout", "-q", "HEAD^", "--", m.dir+"/go.mod"); err != nil {
			return err
		}
		if err := m.require(r, true); err != nil {
			return err
		}
	}
	for _, m := range r.modules {
		if _, err := r.command(r.folder(m), "go", "mod", "tidy"); err != nil {
			return fmt.Errorf("module %s: %w", m.dir, err)
		}
		sums := filepath.Join(r.folder(m), "go.sum")
		if info, err := os.Stat(sums); err == nil && info.Size() == 0 {
			if err := os.Remove(sums); err != nil {
				return err
			}
		}
	}
	_, err := r.git("commit", "-q", "-a", "-m", "After "+r.version+": build with what is beside")
	return err
}

// explain says how to publish.
func (r *release) explain() {
	if r.dry {
		fmt.Fprintf(r.out, "A release such as %s would work.\n", r.version)
		return
	}
	url, err := r.command(r.root, "git", "remote", "get-url", "origin")
	if err != nil {
		url = r.root
	}
	branch, err := r.git("branch", "--show-current")
	if err != nil || branch == "" {
		branch = "main"
	}
	fmt.Fprintf(r.out, "\n%s is ready. To look at it, and to publish it:\n\n"+
		"    git -C %s log -p -2\n    git -C %[2]s push --atomic %s HEAD:%s%s\n",
		r.version, r.clone(), url, branch, " "+strings.Join(slices.Sorted(
			slices.Values(r.tags())), " "))
}
