// Package dumps has tests alone: what packages btf/dump, btf/cdump and btf/merge write of the whole
// corpus and of the running kernel is compared with what bpftool and libbpf write, byte for byte,
// and the C is compiled.
//
// The oracles are the bpftool in PATH (Debian's 7.1 or later), and bpfdump, a small program here
// with the libbpf that its Cargo.lock pins: make -C fuzz/dumps/bpfdump. What is missing is skipped,
// unless BTFKIT_REQUIRE names it: bpftool, bpfdump, cc.
package dumps
