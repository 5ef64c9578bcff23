#!/bin/bash -eu
# Builds the targets as OSS-Fuzz does, outside of its images, and runs each for some seconds:
#
#	fuzz/oss-fuzz/try.sh [SECONDS [TARGET...]]
#
# It needs clang with libFuzzer (Debian: clang and libclang-rt-14-dev or newer) and works in a
# temporary copy.

seconds=${1:-5}
export TARGETS=${*:2}
root=$(cd "$(dirname "$0")/../.." && pwd)
tmp=$(mktemp -d)
trap 'rm -rf "$tmp"' EXIT
export SRC=$tmp/src OUT=$tmp/out GOBIN=$tmp/bin PATH=$tmp/bin:$PATH
mkdir -p "$SRC/btfkit" "$OUT"
(cd "$root" && tar -c --exclude=./.git --exclude=./bench/peers --exclude=./.cache \
	--exclude=target .) | tar -x -C "$SRC/btfkit"
GOWORK=off go install github.com/AdamKorcz/go-118-fuzz-build@latest

# compile_native_go_fuzzer PACKAGE FUNCTION NAME: what the images' command of that name comes to.
compile_native_go_fuzzer() {
	go get github.com/AdamKorcz/go-118-fuzz-build/testing >/dev/null 2>&1
	go-118-fuzz-build -o "$OUT/$3.a" -func "$2" "$1"
	clang -o "$OUT/$3" "$OUT/$3.a" -fsanitize=fuzzer
}
export -f compile_native_go_fuzzer
bash -eu "$root/.clusterfuzzlite/build.sh"

cd "$SRC/btfkit/fuzz" # where targets find the files that they read
for target in "$OUT"/Fuzz*; do
	[ -x "$target" ] || continue
	name=$(basename "$target")
	mkdir "$tmp/$name"
	unzip -q -o -d "$tmp/$name" "$OUT/${name}_seed_corpus.zip"
	echo "run: $name"
	"$target" -max_total_time="$seconds" -dict="$OUT/$name.dict" -print_final_stats=1 "$tmp/$name" \
		>"$tmp/$name.log" 2>&1 || { tail -40 "$tmp/$name.log"; exit 1; }
	echo "$name: $(sed -n 's/stat::number_of_executed_units: *//p' "$tmp/$name.log") executions"
done
