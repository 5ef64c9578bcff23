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
	for first := 1; first < len(widths); {
		last := first
		labels := lineWidth
		for last < len(widths) && (last == first || labels-widths[last]-2 >= leastLabel) {
			labels -= widths[last] + 2
			last++
		}
		if first > 1 {
			b.WriteByte('\n')
		}
		g.writeColumns(b, widths, min(labels, widths[0]), first, last)
		first = last
	}
}

// leastLabel is the width that labels have at least where a grid is too wide for one line and is
// written in several parts.
const leastLabel = 12

// fitsLine reports whether a grid needs no more than the width of a line.
func (g grid) fitsLine() bool {
	var b strings.Builder
	g.write(&b)
	return strings.Count(b.String(), "\n") == len(g)
}

// writeColumns writes some columns beside their labels. A label that is too long has a line of its
// own.
func (g grid) writeColumns(b *strings.Builder, widths []int, labels, first, last int) {
	for _, line := range g {
		label := line[0]
		if len(line) == 1 || utf8.RuneCountInString(label) > labels {
			b.WriteString(cut(label) + "\n")
			label = ""
		}
		if len(line) == 1 {
			continue
		}
		var text strings.Builder
		text.WriteString(label + strings.Repeat(" ", max(0, labels-utf8.RuneCountInString(label))))
		for i := first; i < last; i++ {
			pad := strings.Repeat(" ", widths[i]-utf8.RuneCountInString(line[i]))
			text.WriteString("  " + pad + line[i])
		}
		b.WriteString(strings.TrimRight(text.String(), " ") + "\n")
	}
}

// cut shortens a text to one line.
func cut(text string) string {
	runes := []rune(text)
	if len(runes) <= lineWidth {
		return text
	}
	return string(runes[:lineWidth-1]) + "…"
}

// writeWrapped writes a paragraph. Its lines end at blanks, unless a word is longer than a line,
// and all but the first are indented.
func writeWrapped(b *strings.Builder, text string) {
	const indent = 2
	var words []string
	for _, word := range strings.Fields(text) {
		runes := []rune(word)
		for len(runes) > lineWidth-indent {
			words = append(words, string(runes[:lineWidth-indent]))
			runes = runes[lineWidth-indent:]
		}
		words = append(words, string(runes))
	}
	used := 0
	for _, word := range words {
		n := utf8.RuneCountInString(word)
		switch {
		case used == 0:
		case used+1+n > lineWidth:
			b.WriteString("\n" + strings.Repeat(" ", indent))
			used = indent
		default:
			b.WriteByte(' ')
			used++
		}
		b.WriteString(word)
		used += n
	}
	b.WriteByte('\n')
}
