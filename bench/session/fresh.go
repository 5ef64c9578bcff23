package session

import (
	"context"
	"errors"
	"fmt"
	"runtime"
	"strings"
)

// fresh takes one sample of each subject's memory, and of a cold open, in fresh processes.
func (s *stage) fresh(ctx context.Context) error {
	if s.Rows != nil && !s.Rows("Memory") && !s.Rows("OpenCold") {
		return nil
	}
	if inMemory(s.src.Path) {
		s.note("%s lies in a file system in memory, where a mapped file counts as private memory: "+
			"set TMPDIR to a folder on a disk", s.src.Name)
	}
	for _, subject := range s.subjects() {
		if subject.Program == nil {
			s.note("%s has no process of its own: memory and cold opens are not measured", subject.Name)
			continue
		}
		if !s.src.Set {
			if err := s.askFresh(ctx, subject, "run OpenCold 1"); err != nil {
				return err
			}
		}
		if err := s.askFresh(ctx, subject, "memory open", "memory queries"); err != nil {
			return err
		}
	}
	return nil
}

// askFresh starts a process for a few commands, each answered by a result.
func (s *stage) askFresh(ctx context.Context, subject Subject, commands ...string) error {
	p, err := start(ctx, subject, s.src, s.path)
	if err != nil {
		return err
	}
	defer p.close()
	for _, command := range commands {
		lines, err := p.ask(command)
		if errors.Is(err, errUnsupported) {
			s.note("%s %s: %v", subject.Name, command, err)
			continue
		}
		if err != nil {
			return err
		}
		if len(lines) == 0 {
			return fmt.Errorf("%s: %s: no result line", subject.Name, command)
		}
		result, err := parseResult(lines[0])
		if err != nil {
			return fmt.Errorf("%s: %s: %w", subject.Name, command, err)
		}
		if _, told := result.Value("private-B"); !told && strings.HasPrefix(command, "memory") {
			s.note("%s does not tell what memory a process holds: the Go heap alone is shown",
				runtime.GOOS)
		}
		if err := s.keep(result); err != nil {
			return err
		}
	}
	return p.close()
}
