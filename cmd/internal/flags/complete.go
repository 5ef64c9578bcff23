package flags

import (
	"fmt"
	"strings"
)

// Shells lists the shells that [Completion] knows.
func Shells() []string { return []string{"bash", "zsh", "fish"} }

// Completion returns a script that completes a program's commands, options and their values in a
// shell. The first command is the program, the others are its commands.
func Completion(shell string, commands ...*Command) (string, error) {
	switch shell {
	case "bash":
		return bash(commands), nil
	case "zsh": // reads the functions of bash
		return "autoload -U +X bashcompinit && bashcompinit\n" + bash(commands), nil
	case "fish":
		return fish(commands), nil
	}
	return "", fmt.Errorf("shell %q: unknown, one of %s", shell, strings.Join(Shells(), ", "))
}

// verb returns the last word of a command's name.
func (c *Command) verb() string { return c.Name[strings.LastIndexByte(c.Name, ' ')+1:] }

func verbs(commands []*Command) string {
	var words []string
	for _, c := range commands[1:] {
		words = append(words, c.verb())
	}
	return strings.Join(words, " ")
}

// bash completes by the word before the last one, which may be an option with a value, and by the
// command, which is the first word.
func bash(commands []*Command) string {
	var b strings.Builder
	program := commands[0].Name
	fmt.Fprintf(&b, "_%s() {\n\tlocal word=${COMP_WORDS[COMP_CWORD]}\n", program)
	b.WriteString("\tlocal before=${COMP_WORDS[COMP_CWORD-1]} options= values= files=\n")
	b.WriteString("\tcase ${COMP_WORDS[1]} in\n")
	for _, c := range append(commands[1:len(commands):len(commands)], commands[0]) {
		pattern, options := c.verb(), ""
		if c == commands[0] {
			pattern = "*"
		}
		fmt.Fprintf(&b, "\t%s)\n\t\tcase $before in\n", pattern)
		for _, o := range c.options() {
			options += " --" + o.Name
			spelled := "--" + o.Name
			if o.Short != "" {
				options += " -" + o.Short
				spelled += "|-" + o.Short
			}
			switch {
			case len(o.Values) > 0:
				fmt.Fprintf(&b, "\t\t%s) values='%s' ;;\n", spelled, strings.Join(o.Values, " "))
			case o.Arg == "FILE" || o.Arg == "DIR":
				fmt.Fprintf(&b, "\t\t%s) files=1 ;;\n", spelled)
			case o.Arg != "" && !strings.HasPrefix(o.Arg, "["):
				fmt.Fprintf(&b, "\t\t%s) return ;;\n", spelled)
			}
		}
		words := strings.TrimSpace(options)
		rest := fmt.Sprintf("options='%s'", words)
		if c.Files {
			rest += " files=1"
		}
		fmt.Fprintf(&b, "\t\t*) %s ;;\n\t\tesac ;;\n", rest)
	}
	fmt.Fprintf(&b, "\tesac\n\t[ \"$COMP_CWORD\" != 1 ] || options=\"%s $options\"\n", verbs(commands))
	b.WriteString("\tCOMPREPLY=($(compgen ${files:+-f} -W \"$options $values\" -- \"$word\"))\n}\n")
	fmt.Fprintf(&b, "complete -o filenames -F _%s %s\n", program, program)
	return b.String()
}

func fish(commands []*Command) string {
	var b strings.Builder
	program := commands[0].Name
	fmt.Fprintf(&b, "complete -c %s -f\n", program)
	none := fmt.Sprintf("not __fish_seen_subcommand_from %s", verbs(commands))
	for _, c := range commands[1:] {
		fmt.Fprintf(&b, "complete -c %s -n %s -a %s -d %s\n", program, shellQuoted(none), c.verb(),
			shellQuoted(c.Brief))
	}
	for i, c := range commands {
		when := none
		if i > 0 {
			when = "__fish_seen_subcommand_from " + c.verb()
		}
		begin := fmt.Sprintf("complete -c %s -n %s", program, shellQuoted(when))
		if c.Files {
			b.WriteString(begin + " -F\n")
		}
		for _, o := range c.options() {
			line := begin + " -l " + o.Name
			if o.Short != "" {
				line += " -s " + o.Short
			}
			switch {
			case len(o.Values) > 0:
				line += " -x -a " + shellQuoted(strings.Join(o.Values, " "))
			case o.Arg == "FILE" || o.Arg == "DIR":
				line += " -r -F"
			case o.Arg != "" && !strings.HasPrefix(o.Arg, "["):
				line += " -x"
			}
			first, _, _ := strings.Cut(o.About, "; ")
			b.WriteString(line + " -d " + shellQuoted(first) + "\n")
		}
	}
	return b.String()
}

// shellQuoted quotes a text for fish, and for bash as long as it has no single quote.
func shellQuoted(text string) string {
	return "'" + strings.NewReplacer(`\`, `\\`, `'`, `\'`).Replace(text) + "'"
}
