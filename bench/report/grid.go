package report

import (
	"strings"
	"unicode/utf8"
)

// A grid is text in columns: the first flush left, the others flush right.
type grid [][]string

func (g grid) write(b *strings.Builder) {
	widths := make([]int, len(g[0]))
	for _, line := range g {
		for i, text := range line {
			widths[i] = max(widths[i], utf8.RuneCountInString(text))
		}
	}
	for _, line := range g {
		var text strings.Builder
		for i, column := range line {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(column))
			if i == 0 {
				text.WriteString(column + pad)
			} else {
				text.WriteString("  " + pad + column)
			}
		}
		b.WriteString(strings.TrimRight(text.String(), " ") + "\n")
	}
}
