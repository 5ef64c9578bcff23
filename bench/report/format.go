package report

import (
	"fmt"
	"math"
	"strings"

	"golang.org/x/perf/benchunit"
)

// Value formats a value with its unit: "12.3 µs", "4.56 MiB", "17".
func Value(v float64, unit string) string {
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
	return shorten(Value(v, unit))
}

// shorten cuts zeros behind the point of "1.000 ms".
func shorten(text string) string {
	number, prefix, _ := strings.Cut(text, " ")
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return strings.TrimSpace(number + " " + prefix)
}

// bounded reports whether there were enough samples for a confidence interval.
func (c *Cell) bounded() bool { return !math.IsInf(c.Lo, 0) && !math.IsInf(c.Hi, 0) }

// spread formats half an interval's width: "±3%"; "±∞" if there are too few samples.
func spread(c *Cell) string {
	if !c.bounded() {
		return "±∞"
	}
	return fmt.Sprintf("±%.0f%%", 100*c.Spread())
}

// withSpread formats a cell: "1.234 ms ±3%".
func withSpread(c *Cell) string { return Value(c.Center, c.Unit) + " " + spread(c) }

// twoDigits formats a large number without pretending to know it well.
func twoDigits(v float64) string {
	if v < 10 {
		return fmt.Sprintf("%.1f", v)
	}
	scale := math.Pow(10, math.Floor(math.Log10(v))-1)
	return fmt.Sprintf("%.0f", math.Round(v/scale)*scale)
}
