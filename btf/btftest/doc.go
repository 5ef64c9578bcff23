// Package btftest helps to test code that reads BTF.
//
// [TestBackend] is the conformance suite: an ordered list of rules that every backend of
// package btf keeps, each checked on synthetic BTF. [Blobs] returns that BTF: small, made
// by [builder.Builder], with everything that the format has; tests of other packages use it,
// too. [Dump] writes types as "bpftool btf dump" does, [Hex] the bytes with what they
// mean. [Parse] opens BTF in the plainest backend.
package btftest
