// Package measured is what runs in the process of a subject: the timed loops, the readings of
// memory, and the program that serves them over the protocol of bench/peers/README.md.
//
// The timed loops neither parse nor allocate by themselves: ids, names and compiled patterns are
// prepared. Each loop folds its answers into a checksum that the caller gets. So no compiler can
// drop the work, and equal checksums prove equal work.
package measured
