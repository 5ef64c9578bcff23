package report

import (
	"fmt"
	"math"
	"strings"

	"github.com/btfkit/btfkit/bench/internal/figures"
	"golang.org/x/perf/benchunit"
)

// formatValue formats a value with its unit: "12.3 µs", "4.56 MiB", "17".
func formatValue(v float64, unit string) string {
	base, _, _ := strings.Cut(unit, "/")
	if strings.HasSuffix(base, "sec") {
		return scale(v, benchunit.Decimal) + "s"
	}
	if base == "B" || strings.HasSuffix(base, "-B") {
		return scale(v, benchunit.Binary) + "B"
	}
	if v == math.Trunc(v) && math.Abs(v) < 1e6 {
		return fmt.Sprintf("%.0f", v)
	}
	return strings.TrimSpace(scale(v, benchunit.Decimal))
}

// scale formats with three significant digits, and puts a blank before the prefix.
func scale(v float64, class benchunit.Class) string {
	if v == 0 {
		return "0 "
	}
	text := benchunit.Scale(v, class)
	digits := strings.TrimRight(text, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZµ")
	return digits + " " + text[len(digits):]
}

// axisLabel formats a round number: "100 µs", "64 KiB", "10 k" for 10,002.
func axisLabel(v float64, unit string) string {
	if unit == "" && v >= 1000 {
		digits := math.Pow(10, math.Floor(math.Log10(v))-1)
		v = math.Round(v/digits) * digits
		return shorten(scale(v, benchunit.Decimal))
	}
	return shorten(formatValue(v, unit))
}

// shorten cuts zeros behind the point of "1.000 ms".
func shorten(text string) string {
	number, prefix, _ := strings.Cut(text, " ")
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return strings.TrimSpace(number + " " + prefix)
}

// formatSpread formats half the width of an interval: "±3%"; "±∞" if there are too few samples.
func formatSpread(f *figures.Figure) string {
	if !f.Bounded() {
		return "±∞"
	}
	return fmt.Sprintf("±%.0f%%", 100*f.Spread())
}

// format formats a figure with its spread: "1.234 ms ±3%".
func format(f *figures.Figure) string {
	return formatValue(f.Center, f.Unit) + " " + formatSpread(f)
}

// twoDigits formats a large number without pretending to know it well.
func twoDigits(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f", v)
	}
	scale := math.Pow(10, math.Floor(math.Log10(v))-1)
	return fmt.Sprintf("%.0f", math.Round(v/scale)*scale)
}
