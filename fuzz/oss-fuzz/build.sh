#!/bin/bash -eu
# Builds every fuzz target of package fuzz for libFuzzer, as OSS-Fuzz and ClusterFuzzLite run it:
# with SRC and OUT set, and compile_native_go_fuzzer in PATH. try.sh runs it elsewhere.

cd "$SRC/btfkit/fuzz"
export GOWORK=off GOFLAGS=-mod=mod

# go-118-fuzz-build takes the package's own files, and of its tests the target's alone: what
# targets share becomes part of the package, and tests that are no targets stay out.
for file in *_test.go; do
	case $file in
	*_fuzz_test.go) ;;
	blobs_test.go | dump_test.go | graph_test.go | shared_test.go)
		mv "$file" "${file%_test.go}_shared.go"
		;;
	*) rm "$file" ;;
	esac
done
for file in *_fuzz_test.go; do mv "$file" "${file%_test.go}.go"; done
printf 'package fuzz\n\nimport _ "github.com/AdamKorcz/go-118-fuzz-build/testing"\n' >register.go
go mod tidy

for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(f \*testing\.F).*/\1/p' ./*_fuzz.go); do
	compile_native_go_fuzzer github.com/btfkit/btfkit/fuzz "$target" "$target"
	cp oss-fuzz/btf.dict "$OUT/$target.dict"
	go run ./cmd/seeds -zip "$OUT/${target}_seed_corpus.zip" -target "$target"
done
