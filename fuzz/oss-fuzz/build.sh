#!/bin/bash -eu
# Builds every fuzz target of package fuzz for libFuzzer, as OSS-Fuzz and ClusterFuzzLite run it:
# with SRC and OUT set, and compile_native_go_fuzzer in PATH. try.sh runs it elsewhere.

cd "$SRC/btfkit/fuzz"
export GOWORK=off GOFLAGS=-mod=mod

# go-118-fuzz-build takes a package's own files, and of its tests the target's alone. So what
# targets share, the files named _fuzz_test.go, becomes part of the package, and other tests go.
for file in *_test.go; do
	case $file in
	*_fuzz_test.go) mv "$file" "${file%_test.go}.go" ;;
	*) rm "$file" ;;
	esac
done
printf 'package fuzz\n\nimport _ "github.com/AdamKorcz/go-118-fuzz-build/testing"\n' >register.go
go mod tidy

for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9]*\)(f \*testing\.F).*/\1/p' ./*_fuzz.go); do
	compile_native_go_fuzzer github.com/btfkit/btfkit/fuzz "$target" "$target"
	cp oss-fuzz/btf.dict "$OUT/$target.dict"
	go run ./cmd/seeds -zip "$OUT/${target}_seed_corpus.zip" -target "$target"
done
