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
		return strings.Replace(scale(v, benchunit.Decimal), "n ", "n ", 1) + "s"
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

// spread formats half an interval's width: "±3%"; "±∞" if there are too few samples.
func spread(c *Cell) string {
	if math.IsInf(c.Lo, 0) || math.IsInf(c.Hi, 0) {
		return "±∞"
	}
	return fmt.Sprintf("±%.0f%%", 100*c.Spread())
}
