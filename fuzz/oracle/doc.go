// Package oracle tells whether backends read BTF right.
//
// Its yardstick is a second decoder, which shares no code with package btf and is written to be
// obviously right rather than fast. [Parse] runs it. [Input.Check] opens any bytes in every
// backend and compares all verdicts and answers with that decoder's; [CheckSpec], [CheckNames]
// and [CheckMatches] compare one Spec that is already open. Two more yardsticks come from
// others: package regexp says which names match, and [CheckCilium] compares with cilium/ebpf.
//
// Each function returns nil if all is as it should be, and else an error that says what differs.
package oracle

import "github.com/btfkit/btfkit/fuzz/internal/naive"

// A Blob is what the second decoder makes of one section of BTF.
type Blob = naive.Blob

// A Fault is the second decoder's reason to refuse an input.
type Fault = naive.Fault

// Parse decodes data, which it keeps, with the second decoder. Base is what data is split from;
// nil if it stands alone.
func Parse(data []byte, base *Blob) (*Blob, *Fault) { return naive.Parse(data, base) }
