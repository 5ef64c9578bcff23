// Package oracle tells whether backends read BTF right.
//
// It measures them by a second decoder, which shares no code with package btf, and is written to be
// obviously right rather than fast. [Parse] runs that decoder. [Input.Check] opens any bytes in
// every backend, and compares all verdicts and answers with the decoder's. [CheckSpec],
// [CheckNames] and [CheckMatches] compare a Spec that is open already. Two measures come from
// others: package regexp says which names match, and [CheckCilium] compares with cilium/ebpf.
//
// Each check returns nil if all is right, and else an error that says what differs.
package oracle

import "github.com/btfkit/btfkit/fuzz/internal/naive"

// A Blob is what the second decoder makes of one section of BTF.
type Blob = naive.Blob

// A Fault is the second decoder's reason to refuse an input.
type Fault = naive.Fault

// Parse decodes data with the second decoder. Base is what data is split from; nil if it stands
// alone. The Blob keeps data.
func Parse(data []byte, base *Blob) (*Blob, *Fault) { return naive.Parse(data, base) }
