#!/bin/sh
# Rebuilds testdata/images, streams and bombs: modules and kernel images of every format, around the
# same few types, and what compressors write with other options. The containers are built by
# images_test.go. On Debian 13 (xz --riscv is of xz 5.6):
#
#	apt-get install gzip bzip2 xz-utils zstd lz4 lzop
#
# The committed files were made with the versions in tools.txt, which this script rewrites. Other
# versions may compress to other bytes; what must not change is images.golden.
set -eu
cd "$(dirname "$0")"
for tool in gzip bzip2 xz zstd pzstd lz4 lzop; do
	command -v "$tool" >/dev/null || { echo "generate.sh: $tool is missing" >&2; exit 1; }
done
{
	for tool in gzip xz zstd lz4 lzop; do "$tool" --version | sed -n 1p; done
	bzip2 --help 2>&1 | sed -n 1p
} >tools.txt
cd ..
exec go test -count=1 -run '^(TestImages|TestStreams|TestMemory)$' . -update
