// Package fuzz holds what tests all of btfkit together: oracles, fuzz targets, the sweep over
// mutated blobs, and the comparison of every backend with each other, with a second decoder
// that shares no code (package naive), with bpftool and with cilium/ebpf.
//
// Nothing here is meant to be imported by other modules.
package fuzz
