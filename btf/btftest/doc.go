// Package btftest helps to test code that reads BTF.
//
// [TestBackend] is the conformance suite: an ordered list of rules that every backend of
// package btf keeps, each checked on synthetic BTF. [Blobs] returns that BTF: small, made
// by [builder.Builder], with everything that the format has; tests of other packages use it,
// too. [Hex] writes the bytes of BTF with what they mean.
package btftest
