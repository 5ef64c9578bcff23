#!/bin/bash -eu
# Builds every fuzz target of module fuzz for libFuzzer, as ClusterFuzzLite and OSS-Fuzz run it:
# with SRC and OUT set, and compile_native_go_fuzzer in PATH. fuzz/oss-fuzz/try.sh runs it
# elsewhere, with TARGETS set to build these alone. (Targets in btf share code with its tests, which
# this cannot build.)

cd "$SRC/btfkit/fuzz"
export GOWORK=off GOFLAGS=-mod=mod
declaration='^func \(Fuzz[A-Za-z0-9_]*\)(f \*testing\.F).*'

# go-118-fuzz-build takes a package's own files, and of its tests the target's alone. So what
# targets share, the files named _fuzz_test.go, becomes part of the package, and other tests go.
folders=$(grep -rl --include='*_test.go' "$declaration" . | xargs -n 1 dirname | sort -u)
for folder in $folders; do
	for file in "$folder"/*_test.go; do
		case $file in
		*_fuzz_test.go) mv "$file" "${file%_test.go}.go" ;;
		*) rm "$file" ;;
		esac
	done
	package=$(sed -n 's/^package //p' "$folder"/*_fuzz.go | sort -u)
	printf 'package %s\n\nimport _ "github.com/AdamKorcz/go-118-fuzz-build/testing"\n' \
		"$package" >"$folder/register.go"
done
go mod tidy

for folder in $folders; do
	path=$(go list "$folder")
	for target in $(sed -n "s/$declaration/\1/p" "$folder"/*_fuzz.go); do
		case " ${TARGETS:-$target} " in *" $target "*) ;; *) continue ;; esac
		compile_native_go_fuzzer "$path" "$target" "$target"
		cp oss-fuzz/btf.dict "$OUT/$target.dict"
		go run ./cmd/seeds -zip "$OUT/${target}_seed_corpus.zip" -target "$target"
	done
done
