// Package flags keeps a command's options in one table, and makes everything from it: the parser,
// which is package flag's, the help text, the manual page, and completions for shells. So none of
// them can lack an option, or have one that another lacks.
package flags

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"strings"
)

// An Option is one option of a command.
type Option struct {
	// Name is what follows the two dashes. Short is one letter for after a single dash, or "".
	Name, Short string
	// Arg is what the texts call the value, such as FILE; "" for a switch. Where it begins with "[="
	// the value is optional. FILE and DIR complete as such.
	Arg string
	// About says what the option does.
	About string
	// Values are what the value can be, for completions; nil if it can be anything.
	Values []string
	// Bind defines the option in a set of package flag, under a name.
	Bind func(f *flag.FlagSet, name string)
}

// A Group is options under one heading.
type Group struct {
	Title   string
	Options []Option
}

// A Command is a program, or a command of one.
type Command struct {
	// Name is all words of it, such as "benchmark compare".
	Name string
	// Usage shows how it is called, a line for each way, without "Usage:".
	Usage []string
	// Brief says in a few words what it does, for lists.
	Brief string
	// About says it in sentences. A line break in it is one in the texts.
	About string
	// Groups are its options.
	Groups []Group
	// Files is set if its arguments are files.
	Files bool
	// Status explains the exit status.
	Status string
}

// Parse reads the options of args, before, between and behind the arguments, up to "--". It returns
// the arguments, and which options were given, by name. The error is about usage, or flag.ErrHelp.
func (c *Command) Parse(args []string) (rest []string, given map[string]bool, err error) {
	f := flag.NewFlagSet(c.Name, flag.ContinueOnError)
	f.SetOutput(io.Discard)
	for _, o := range c.options() {
		o.Bind(f, o.Name)
		if o.Short != "" {
			o.Bind(f, o.Short)
		}
	}
	for len(args) > 0 {
		if err := f.Parse(args); err != nil {
			return nil, nil, err
		}
		read := len(args) - f.NArg()
		if read > 0 && args[read-1] == "--" {
			rest = append(rest, f.Args()...)
			break
		}
		if args = f.Args(); len(args) > 0 {
			rest, args = append(rest, args[0]), args[1:]
		}
	}
	given = make(map[string]bool)
	f.Visit(func(set *flag.Flag) { given[c.fullName(set.Name)] = true })
	return rest, given, nil
}

// Run parses args for a command that takes some arguments and says what is wrong as programs do. If
// it returns false, the program is to end with the status.
func (c *Command) Run(args []string, stdout, stderr io.Writer) (
	rest []string, given map[string]bool, status int, ok bool) {
	rest, given, err := c.Parse(args)
	switch {
	case errors.Is(err, flag.ErrHelp):
		fmt.Fprint(stdout, c.Help())
		return nil, nil, 0, false
	case err != nil:
		return nil, nil, c.Misused(stderr, err), false
	}
	return rest, given, 0, true
}

// Misused reports wrong usage and returns the exit status for it.
func (c *Command) Misused(stderr io.Writer, err error) int {
	fmt.Fprintf(stderr, "%s: %v\nTry %s --help.\n", c.Name, err, c.Name)
	return 2
}

func (c *Command) options() (all []Option) {
	for _, g := range c.Groups {
		all = append(all, g.Options...)
	}
	return all
}

// fullName returns the name of an option that has this one or this short one.
func (c *Command) fullName(name string) string {
	for _, o := range c.options() {
		if o.Short == name {
			return o.Name
		}
	}
	return name
}

// spelled returns an option as texts show it: "-i, --iterations N".
func (o *Option) spelled() string {
	text := "--" + o.Name
	if o.Short != "" {
		text = "-" + o.Short + ", " + text
	}
	switch {
	case strings.HasPrefix(o.Arg, "["):
		text += o.Arg
	case o.Arg != "":
		text += " " + o.Arg
	}
	return text
}

// Columns of the help text: where explanations begin, and where lines end.
const (
	helpColumn = 20
	helpWidth  = 80
)

// Help returns the help text. Its lines have 80 characters at most.
func (c *Command) Help() string {
	var b strings.Builder
	for i, line := range c.Usage {
		b.WriteString([]string{"Usage: ", "       "}[min(i, 1)] + line + "\n")
	}
	b.WriteByte('\n')
	for line := range strings.SplitSeq(c.About, "\n") {
		wrap(&b, 0, line)
	}
	for _, g := range c.Groups {
		b.WriteString("\n" + g.Title + ":\n")
		for _, o := range g.Options {
			head := "  " + o.spelled()
			if len(head) < helpColumn-1 {
				head += strings.Repeat(" ", helpColumn-len(head))
			} else {
				head += "\n" + strings.Repeat(" ", helpColumn)
			}
			b.WriteString(head)
			wrap(&b, helpColumn, o.About)
		}
	}
	b.WriteByte('\n')
	wrap(&b, 0, "Exit status: "+c.Status)
	return b.String()
}

// wrap writes a paragraph whose first line begins at a column and whose other lines are indented to
// it.
func wrap(b *strings.Builder, column int, text string) {
	used := column
	for i, word := range strings.Fields(text) {
		switch {
		case i == 0:
		case used+1+len(word) > helpWidth:
			b.WriteString("\n" + strings.Repeat(" ", column))
			used = column
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += len(word)
	}
	b.WriteByte('\n')
}
