// Package suite is a suite of cases that any BTF parser can run: files that need none of this
// project's code, with what the kernel's rules say of each. README.md of
// conformance has the contract.
//
// The cases come from four places: the catalogue of package malformed, the blobs of package
// btftest, small blobs of compilers and kernels from package corpus, and BTF that package synth
// and this package generate. The answers to queries come from package naive, the second decoder,
// and not from the parser that is tested.
package suite

// Version is the number of the suite. It grows when a case changes or goes, not when one is added.
const Version = 2
