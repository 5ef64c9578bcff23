// Package across gives mutated BTF to implementations that run as programs of their own, and
// collects where they differ from what is expected. A disagreement is made small while its class
// stays, and becomes a case of the suite. The backends of this project and cilium/ebpf, which
// run in one process, get mutated input from FuzzParse.
package across
