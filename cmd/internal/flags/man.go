package flags

import (
	"fmt"
	"strings"
)

// Man returns the manual page of a program, in section 1: the first command is the program, the
// others are its commands. version is that of the program.
func Man(version string, commands ...*Command) string {
	var b strings.Builder
	program := commands[0]
	fmt.Fprintf(&b, ".TH %s 1 \"\" %s\n", roff(strings.ToUpper(program.Name)), quoted(version))
	fmt.Fprintf(&b, ".SH NAME\n%s \\- %s\n.SH SYNOPSIS\n", roff(program.Name), roff(program.Brief))
	for i, line := range program.Usage {
		if i > 0 {
			b.WriteString(".br\n")
		}
		b.WriteString(roff(line) + "\n")
	}
	fmt.Fprintf(&b, ".SH DESCRIPTION\n%s\n.SH OPTIONS\n", roff(program.About))
	manOptions(&b, program)
	if len(commands) > 1 {
		b.WriteString(".SH COMMANDS\n")
	}
	for _, c := range commands[1:] {
		fmt.Fprintf(&b, ".SS %s\n", quoted(c.Usage[0]))
		fmt.Fprintf(&b, "%s\n", roff(c.About))
		manOptions(&b, c)
		fmt.Fprintf(&b, ".PP\nExit status: %s\n", roff(c.Status))
	}
	fmt.Fprintf(&b, ".SH EXIT STATUS\n%s\n", roff(program.Status))
	return b.String()
}

func manOptions(b *strings.Builder, c *Command) {
	for _, g := range c.Groups {
		fmt.Fprintf(b, ".PP\n%s:\n", roff(g.Title))
		for _, o := range g.Options {
			fmt.Fprintf(b, ".TP\n.B %s\n%s\n", roff(o.spelled()), roff(o.About))
		}
	}
}

// roff escapes what is special to troff in running text: the backslash, the dash, which would
// become a hyphen that cannot be copied, and a dot or a quote at the start of a line.
func roff(text string) string {
	text = strings.NewReplacer(`\`, `\e`, "-", `\-`).Replace(text)
	lines := strings.Split(text, "\n")
	for i, line := range lines {
		if strings.HasPrefix(line, ".") || strings.HasPrefix(line, "'") {
			lines[i] = `\&` + line
		}
	}
	return strings.Join(lines, "\n.br\n")
}

// quoted makes a text one argument of a troff request.
func quoted(text string) string { return `"` + strings.ReplaceAll(roff(text), `"`, `""`) + `"` }
