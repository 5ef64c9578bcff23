// Package bench is the measured side of btfkit's benchmark: the one list of backends, the
// workload, the rows, and a program that serves them over a line protocol.
//
// # Processes
//
// Every subject of a benchmark, a backend of btfkit or a peer library, is measured in a process of
// its own that speaks the protocol of bench/peers/README.md. [Serve] is that process for the
// backends; package session starts the processes, sends each one sample at a time, and so
// interleaves them. No subject then pays for the garbage or the caches of another, memory is
// that of one backend alone, and peers are held to the same rules as we are.
//
// # Rows
//
// A row is what one operation does, such as "TypeByID"; [Rows] lists them. Names follow Go's
// benchmark format with key=value parts, so a result line reads
//
//	BenchmarkIDsByRegex/pattern=^tcp_/backend=cache/source=vmlinux-2  512  41023 ns/op
//
// and "benchstat -col /backend" sets the backends side by side. The same rows run under
// "go test -bench . ./bench".
//
// The timed loops neither parse nor allocate by themselves: ids, names and compiled patterns
// are prepared, results are folded into a checksum that the caller gets, so that no compiler can
// drop the work and equal checksums prove equal work.
package bench
