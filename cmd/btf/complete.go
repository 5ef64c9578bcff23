package main

import (
	"regexp"
	"strings"

	"github.com/btfkit/btfkit/btf"
	"github.com/spf13/cobra"
)

// completeFlag says what a flag's values can be.
func completeFlag(c *cobra.Command, flag string, values ...string) {
	register(c, flag, cobra.FixedCompletions(values, cobra.ShellCompDirectiveNoFileComp))
}

// completeKinds completes the last kind of a list in --kind.
func completeKinds(c *cobra.Command) {
	register(c, "kind", func(_ *cobra.Command, _ []string, start string) (
		lists []string, _ cobra.ShellCompDirective) {
		before := start[:strings.LastIndexByte(start, ',')+1]
		for _, name := range kindNames() {
			lists = append(lists, before+name)
		}
		return lists, cobra.ShellCompDirectiveNoFileComp
	})
}

func register(c *cobra.Command, flag string, complete cobra.CompletionFunc) {
	if err := c.RegisterFlagCompletionFunc(flag, complete); err != nil {
		panic(err) // the table has no such flag
	}
}

// maxCompletions is how many names a shell is given to choose from.
const maxCompletions = 1000

// completeNames completes names of types, those of the kernel or of what --btf says.
func (a *app) completeNames(_ *cobra.Command, _ []string, start string) (
	names []string, _ cobra.ShellCompDirective) {
	src, err := a.openQuietly(a.source)
	if err != nil {
		return nil, cobra.ShellCompDirectiveError
	}
	seen := make(map[string]bool)
	for t := range src.own.TypesByMatch(btf.MustMatcher("^" + regexp.QuoteMeta(start))) {
		if name := t.Name(); name != "" && !seen[name] && name == clean(name) {
			seen[name] = true
			names = append(names, name)
		}
		if len(names) == maxCompletions {
			break
		}
	}
	return names, cobra.ShellCompDirectiveNoFileComp
}
