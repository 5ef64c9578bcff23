// Package examples shows whole programs: jobs that BPF tools do today with code of their own, done
// with btfkit. Each is a file of at most 40 lines; "go test" runs it on a real kernel of the
// corpus. The examples take the folder root for the file system of a machine that runs this
// kernel; your program uses "/".
//
// On the left the lines of code that public tools need for the same job, where they were counted
// (November 2026):
//
//	packets      functions that get a packet    301   26
//	paths        members by path                102   27
//	structasc    a struct with all it needs     188   22
//	dump         types as bpftool writes them   126   21
//	dropreasons  values of an enum by name       95   20
//	diff         what changed in a kernel        68   23
//	daemon       modules come and go              -   35
//	signature    prototypes of functions          -   23
//	fits         does an object fit a kernel      -   39
//	minimise     what an object needs of one      -   40
package examples
