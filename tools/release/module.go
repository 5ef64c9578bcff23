package main

import (
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"golang.org/x/mod/modfile"
	mod "golang.org/x/mod/module"
	"golang.org/x/mod/zip"
)

// A module is one folder of go.work.
type module struct {
	dir  string // relative, with slashes
	path string
	file *modfile.File
	uses []string // paths of the siblings that it requires
}

// readModules reads go.work of the clone and orders its modules.
func (r *release) readModules() error {
	name := filepath.Join(r.clone(), "go.work")
	data, err := os.ReadFile(name)
	if err != nil {
		return err
	}
	work, err := modfile.ParseWork(name, data, nil)
	if err != nil {
		return err
	}
	var all []*module
	for _, use := range work.Use {
		m := &module{dir: filepath.ToSlash(filepath.Clean(use.Path))}
		if m.file, err = m.read(r.clone()); err != nil {
			return err
		}
		m.path = m.file.Module.Mod.Path
		prefix, ok := strings.CutSuffix(m.path, m.dir)
		if !ok || r.prefix != "" && prefix != r.prefix {
			return fmt.Errorf("module %s in %s: a tag cannot name it", m.path, m.dir)
		}
		r.prefix = prefix
		all = append(all, m)
	}
	if len(all) == 0 {
		return errors.New("go.work uses no module")
	}
	for _, m := range all {
		for _, require := range m.file.Require {
			if find(all, require.Mod.Path) != nil {
				m.uses = append(m.uses, require.Mod.Path)
			}
		}
	}
	r.env = append(r.env, "GONOSUMDB="+strings.TrimSuffix(r.prefix, "/"))
	r.modules, err = order(all)
	return err
}

func find(modules []*module, path string) *module {
	i := slices.IndexFunc(modules, func(m *module) bool { return m.path == path })
	if i < 0 {
		return nil
	}
	return modules[i]
}

// order puts every module behind those that it requires.
func order(all []*module) (ordered []*module, err error) {
	for len(ordered) < len(all) {
		i := slices.IndexFunc(all, func(m *module) bool {
			return find(ordered, m.path) == nil && !slices.ContainsFunc(m.uses,
				func(path string) bool { return find(ordered, path) == nil })
		})
		if i < 0 {
			return nil, errors.New("modules require each other in a circle")
		}
		ordered = append(ordered, all[i])
	}
	return ordered, nil
}

func (m *module) read(root string) (*modfile.File, error) {
	name := filepath.Join(root, filepath.FromSlash(m.dir), "go.mod")
	data, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	return modfile.Parse(name, data, nil)
}

// require writes a go.mod whose siblings are at the version of the release. They are as they
// will be published, or, if beside, replaced by the folders beside.
func (m *module) require(r *release, beside bool) error {
	f, err := m.read(r.clone())
	if err != nil {
		return err
	}
	for _, path := range m.uses {
		if err := f.AddRequire(path, r.version); err != nil {
			return err
		}
	}
	for _, replace := range slices.Clone(f.Replace) {
		if beside || replace.New.Version != "" {
			continue
		}
		if err := f.DropReplace(replace.Old.Path, replace.Old.Version); err != nil {
			return err
		}
	}
	f.Cleanup()
	data, err := f.Format()
	if err != nil {
		return err
	}
	return os.WriteFile(f.Syntax.Name, data, 0o644)
}

// publish puts a module, as it is committed, into the proxy.
func (r *release) publish(m *module) error {
	escaped, err := mod.EscapePath(m.path)
	if err != nil {
		return err
	}
	dir := filepath.Join(r.proxy(), filepath.FromSlash(escaped), "@v")
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	committed, err := r.git("log", "-1", "--format=%ct")
	if err != nil {
		return err
	}
	var seconds int64
	if _, err := fmt.Sscan(committed, &seconds); err != nil {
		return err
	}
	info, err := json.Marshal(struct {
		Version string
		Time    time.Time
	}{r.version, time.Unix(seconds, 0).UTC()})
	if err != nil {
		return err
	}
	text, err := os.ReadFile(filepath.Join(r.folder(m), "go.mod"))
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"list": []byte(r.version + "\n"), r.version + ".info": info, r.version + ".mod": text,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			return err
		}
	}
	f, err := os.Create(filepath.Join(dir, r.version+".zip"))
	if err != nil {
		return err
	}
	err = zip.CreateFromVCS(f, mod.Version{Path: m.path, Version: r.version}, r.clone(), "HEAD",
		m.dir)
	return errors.Join(err, f.Close())
}
