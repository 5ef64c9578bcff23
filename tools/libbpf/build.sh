#!/bin/sh -eu
# Builds the libbpf that Cargo.lock pins, as distributions do, into out/: libbpf.a, headers, and
# libbpf.pc, so that with PKG_CONFIG_PATH=tools/libbpf/out it is the libbpf that pkg-config finds.
# The sources come out of the crate libbpf-sys, which carries them; no Rust is built. It needs
# cargo, a C compiler, and the headers of libelf and zlib; on Debian:
# apt-get install cargo gcc pkg-config libelf-dev zlib1g-dev.
cd "$(dirname "$0")"
sources=$(cargo metadata --quiet --locked --format-version 1 |
	sed 's/.*"manifest_path":"\([^"]*libbpf-sys[^"]*\)\/Cargo.toml".*/\1/')/libbpf
version=$(sed -n 's/^libbpf-sys = "=\(.*\)"/\1/p' Cargo.toml)
rm -rf out
mkdir -p out/include/bpf out/objects
cp "$sources"/src/*.h out/include/bpf/
cp -r "$sources/include/uapi/linux" out/include/
for file in "$sources"/src/*.c; do
	"${CC:-cc}" -O2 -w -D_LARGEFILE64_SOURCE -D_FILE_OFFSET_BITS=64 -I"$sources/include" \
		-I"$sources/include/uapi" -c -o "out/objects/$(basename "$file" .c).o" "$file"
done
ar rcs out/libbpf.a out/objects/*.o
cat >out/libbpf.pc <<END
sources=$sources
Name: libbpf
Description: as in the crate libbpf-sys
Version: $version
Cflags: -I$PWD/out/include
Libs: -L$PWD/out -lbpf
Requires.private: libelf zlib
END
