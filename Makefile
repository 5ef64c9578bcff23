# Every target works from the root of a clone with Go alone, unless said. The legs of .ci/run
# are targets here: "make race" is ".ci/run race".

LEGS := $(shell sed -nE 's/^(leg|part) ([^ ]+) .*/\2/p' .ci/run)
TIME ?= 60s

.PHONY: help quick check bench benchstat fuzz peers dist release clean $(LEGS)

help: ## prints this list
	@sed -nE -e 's/^([a-z-]+):.*## /\1\t/p' Makefile | expand -t 14
	@echo; echo "What CI runs (.ci/run LEG...):"
	@sed -nE -e 's/^(leg|part) ([^ ]+) .*## /\2\t/p' .ci/run | expand -t 14

quick: ## before each commit, in less than a minute: form, vet, rules, core's short tests
	@.ci/run gofmt vet tree core

check: ## before you send a change: what most often fails in CI
	@.ci/run gofmt vet staticcheck tree test isolated

$(LEGS):
	@.ci/run $@

bench: ## the rows of the benchmark program as a Go benchmark
	go test -run '^$$' -bench . ./bench

benchstat: ## compares two runs: make benchstat OLD=old.txt NEW=new.txt
	@$$(GOWORK=off go -C tools tool -n benchstat) -ignore btfkit $(OLD) $(NEW)

fuzz: ## every fuzz target, or one: make fuzz T=FuzzParse TIME=60s
	go run ./fuzz/cmd/fuzzrun -target '$(T)' -time $(TIME)

peers: ## builds what this machine can of btf-rs, libbpf and cilium/ebpf
	$(MAKE) -C bench/peers all

DIST = linux/amd64 linux/arm64 linux/arm linux/386 linux/riscv64 linux/s390x linux/ppc64le \
	darwin/amd64 darwin/arm64 windows/amd64
RELEASE = $(shell git describe --tags --exact-match --match 'btf/v*' 2>/dev/null | cut -d/ -f2)
dist: ## static programs, to copy to other machines
	@mkdir -p dist; for t in $(DIST); do for p in btf benchmark; do os=$${t%/*}; arch=$${t#*/}; \
	out=dist/$$p-$$os-$$arch; [ $$os = windows ] && out=$$out.exe; \
	CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch GOARM=7 go build -trimpath -o $$out \
	-ldflags='-s -w -X github.com/btfkit/btfkit/bench/build.release=$(RELEASE) -X main.release=$(RELEASE)' \
	./cmd/$$p || exit 1; \
	ls -l $$out | awk '{printf "%6.1f MB  %s\n", $$5/1e6, $$9}'; done; done

release: ## makes a release in a scratch clone, without pushing: make release VERSION=v0.3.0
	@.ci/apidiff $(VERSION)
	@GOWORK=off go -C tools run ./release $(VERSION)

clean: ## removes what other targets made
	rm -rf dist bin .cache
