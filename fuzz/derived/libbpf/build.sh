#!/bin/sh -eu
# Builds bin/derive, bin/relocate and bin/rewrite, oracles of package derived, over the sources of
# libbpf 1.7.0, which the crate libbpf-sys carries. It needs cargo, a C compiler, libelf-dev and
# zlib1g-dev.
cd "$(dirname "$0")"
mkdir -p bin
cargo metadata --quiet --format-version 1 >bin/metadata.json
sources=$(sed 's/.*"manifest_path":"\([^"]*libbpf-sys[^"]*\)\/Cargo.toml".*/\1/' bin/metadata.json)
libbpf=$sources/libbpf
flags="-O2 -w -D_LARGEFILE64_SOURCE -D_FILE_OFFSET_BITS=64 -I$libbpf/src -I$libbpf/include
	-I$libbpf/include/uapi"
"${CC:-cc}" $flags -o bin/derive driver.c $(ls "$libbpf"/src/*.c | grep -v /btf_dump.c) -lelf -lz
for program in relocate rewrite; do
	"${CC:-cc}" $flags -o bin/$program $program.c "$libbpf"/src/*.c -lelf -lz
done
