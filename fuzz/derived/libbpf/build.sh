#!/bin/sh -eu
# Builds bin/derive, bin/relocate and bin/rewrite, oracles of package derived, with the libbpf of
# tools/libbpf, which it builds if it is not there yet. It needs what that needs.
cd "$(dirname "$0")"
libbpf=../../../tools/libbpf
[ -e $libbpf/out/libbpf.pc ] || $libbpf/build.sh
export PKG_CONFIG_PATH=$libbpf/out
sources=$(pkg-config --variable=sources libbpf)
flags="-O2 -w $(pkg-config --cflags libbpf) -I$sources/src -I$sources/include"
mkdir -p bin
"${CC:-cc}" $flags -o bin/derive driver.c $(pkg-config --static --libs libbpf)
for program in relocate rewrite; do
	"${CC:-cc}" $flags -o bin/$program $program.c $(pkg-config --static --libs libbpf)
done
