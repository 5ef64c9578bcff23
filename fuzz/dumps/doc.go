// Package dumps holds tests only. They run packages btf/dump, btf/cdump and btf/merge on the whole
// corpus and the running kernel, compare the output with that of bpftool and libbpf, byte for
// byte, and compile the C.
//
// The oracles are the bpftool in PATH (Debian's 7.1 or later), and bpfdump, a small program here
// with the libbpf that its Cargo.lock pins: make -C fuzz/dumps/bpfdump. What is missing is skipped,
// unless BTFKIT_REQUIRE names it: bpftool, bpfdump, cc.
package dumps
