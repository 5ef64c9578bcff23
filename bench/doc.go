// Package bench is the list of btfkit's backends. All programs and tests that compare backends take
// it from here. The packages below it make the benchmark:
//
//   - session, the driver, starts a process for each subject, asks it, and collects the answers;
//   - results describes what a run measured, and reads files of results;
//   - report shows results and compares them.
//
// # Processes
//
// Every subject of a benchmark, a backend of btfkit or a peer library, is measured in a process of
// its own that speaks the protocol of bench/peers/README.md. session.Serve is that process for our
// backends. The driver sends each process one sample at a time, in turns. So no subject pays for
// the garbage or the caches of another, the memory of a process is that of one backend, and peers
// are held to the same rules as we are.
//
// # Rows
//
// A row is what one operation does, such as "TypeByID". Names follow Go's benchmark format with
// key=value parts, so a result line reads
//
//	BenchmarkIDsByRegex/pattern=^tcp_/backend=cache/source=vmlinux-2  512  41023 ns/op
//
// and "benchstat -col /backend" sets the backends side by side. The same rows run under
// "go test -bench . ./bench".
package bench
