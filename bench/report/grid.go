package report

import (
	"strings"
	"unicode/utf8"
)

// lineWidth is how many characters a line of text has at most: what every terminal shows.
const lineWidth = 80

// A grid is text in columns: the first flush left, the others flush right. A line of one column is
// a heading, which may be longer.
type grid [][]string

func (g grid) write(b *strings.Builder) {
	if len(g) == 0 {
		return
	}
	widths := make([]int, len(g[0]))
	for _, line := range g {
		if len(line) == 1 {
			continue
		}
		for i, text := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	for _, line := range g {
		var text strings.Builder
		for i, column := range line {
			pad := strings.Repeat(" ", max(0, widths[i]-utf8.RuneCountInString(column)))
			if i == 0 {
				text.WriteString(column + pad)
			} else {
				text.WriteString("  " + pad + column)
			}
		}
		b.WriteString(strings.TrimRight(text.String(), " ") + "\n")
	}
}

// writeWrapped writes a paragraph. Its lines end at blanks, and all but the first are indented.
func writeWrapped(b *strings.Builder, text string) {
	used := 0
	for word := range strings.FieldsSeq(text) {
		n := utf8.RuneCountInString(word)
		switch {
		case used == 0:
		case used+1+n > lineWidth:
			b.WriteString("\n  ")
			used = 2
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += n
	}
	b.WriteByte('\n')
}
