// Package session runs benchmarks: it prepares sources and workloads, starts one process for each
// subject, checks their answers against each other, and collects samples, interleaved.
//
// A subject is a backend of btfkit or of a peer library. All speak the protocol of
// bench/peers/README.md, so one subject is measured exactly as any other.
//
// # Order of a run
//
// For each source: every subject answers the whole workload, and each answer must equal what a
// plain scan of all types says. Then each row of each subject is calibrated and discarded once.
// Then come rounds; a round takes one sample of every row, subject by subject within the row
// (A B C, next row, A B C, …), and then, in fresh processes, one sample of the memory and of a
// cold open. So drift of the machine hits all subjects alike, and a disturbance spoils one sample
// of many cells rather than many samples of one.
package session
