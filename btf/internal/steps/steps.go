// Package steps counts the work that queries do, so that tests can hold it against the length of
// the input: time tells the same only on a quiet machine. With the build tag btfsteps, the
// functions that read names, records and text say how many bytes or records they read; without it,
// calls vanish.
package steps
