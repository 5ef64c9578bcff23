// Package report says what a benchmark found: as a table, as JSON, as a page with charts, in words,
// and as a comparison of two runs.
//
// All of it works on results in the benchmark format, whether fresh or read from a file. A
// result's name holds the row, the backend and the source; [Collect] sorts results by these into
// [Cell]s, with medians and confidence intervals by x/perf's benchmath, which assumes nothing of
// the distribution.
package report
