// Package report shows what a benchmark found: as a table, as JSON, as a page or a picture with
// charts, and in words. It also compares two runs, and ranks the backends over many.
//
// All of it works on results in Go's benchmark format, whether fresh or read from a file by
// results.ReadFile. It needs neither the driver that measures nor any BTF.
package report
