package report

import (
	"fmt"
	"slices"
	"strings"

	"golang.org/x/perf/benchfmt"
)

// conditions are the settings of a run that figures depend on besides the code, with what people
// call them.
var conditions = []struct{ key, label string }{
	{"goos", "operating system"}, {"goarch", "architecture"}, {"cpu", "machine"},
	{"gomaxprocs", "GOMAXPROCS"}, {"go", "Go"},
	{"seed", "seed"}, {"queries", "queries"},
}

// Differences says why the figures of two runs cannot be compared: other BTF, another seed,
// other queries, another machine or Go. What a run does not state, as the output of go test
// does not, is no difference.
func Differences(before, after []*benchfmt.Result) []string {
	var texts []string
	all := slices.Concat(before, after)
	for _, c := range conditions {
		values := distinct(all, c.key, func(value string) string { return value })
		if len(values) > 1 {
			texts = append(texts, c.label+": "+strings.Join(values, " and "))
		}
	}
	for _, key := range sourceKeys(all) {
		if sums := distinct(all, key, checksum); len(sums) > 1 {
			texts = append(texts, fmt.Sprintf("%s: other BTF, sha256 %s",
				strings.TrimPrefix(key, sourcePrefix), strings.Join(sums, " and ")))
		}
	}
	return texts
}

// sourcePrefix begins the keys of sources in a run's environment.
const sourcePrefix = "source-"

func sourceKeys(samples []*benchfmt.Result) (keys []string) {
	for _, sample := range samples {
		for _, c := range sample.Config {
			if strings.HasPrefix(c.Key, sourcePrefix) && !slices.Contains(keys, c.Key) {
				keys = append(keys, c.Key)
			}
		}
	}
	return keys
}

// checksum returns the beginning of the checksum in "PATH SIZE bytes sha256:SUM".
func checksum(value string) string {
	_, sum, _ := strings.Cut(value, " sha256:")
	return fmt.Sprintf("%.16s", sum)
}

// distinct lists the values that samples have of a key, but for empty ones.
func distinct(samples []*benchfmt.Result, key string, of func(string) string) (values []string) {
	for _, sample := range samples {
		if v := of(sample.GetConfig(key)); v != "" && !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	return values
}
