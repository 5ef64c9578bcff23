# Every target works from the root of a clone with Go alone, unless said.
# Modules are those of go.work; tools/ and bench/peers/ are outside it.

MODULES = $(shell go list -m -f '{{.Dir}}')
TOOL = $$(GOWORK=off go -C tools tool -n $(1))
T ?= .
TIME ?= 60s

.PHONY: check fmt vet staticcheck tree test isolate race cross bench benchstat compare \
	fuzz fuzz-all peers dist vulncheck clean

check: fmt vet staticcheck tree test isolate ## what a commit should pass

fmt:
	@test -z "$$(gofmt -l .)" || { gofmt -l .; exit 1; }

vet:
	go vet work

staticcheck:
	@check=$(call TOOL,staticcheck); \
	for m in $(MODULES); do (cd $$m && $$check ./...) || exit 1; done

tree: ## rules that no other tool checks: sizes, comments, links and commands in documents
	GOWORK=off go -C tools run ./treecheck ..

vulncheck:
	@check=$(call TOOL,govulncheck); \
	for m in $(MODULES); do (cd $$m && $$check ./...) || exit 1; done

test:
	go test work

isolate: ## every module on its own: no workspace
	@for m in $(MODULES) tools; do echo $$m; \
	(cd $$m && export GOWORK=off && go build ./... && go mod tidy -diff && go test ./...) || exit 1; done

race: ## needs a C compiler
	go test -race -short work

# Compiles everything, tests included, for other systems.
CROSS = linux/386 linux/arm64 linux/arm linux/s390x linux/riscv64 darwin/arm64 windows/amd64 \
	freebsd/amd64
cross:
	@for t in $(CROSS); do echo $$t; \
	CGO_ENABLED=0 GOOS=$${t%/*} GOARCH=$${t#*/} go vet work || exit 1; done

bench: ## the same rows as the benchmark program, for benchstat
	go test -run '^$$' -bench . ./bench

benchstat: ## make benchstat OLD=old.txt NEW=new.txt
	@$(call TOOL,benchstat) -ignore btfkit $(OLD) $(NEW)

fuzz: ## make fuzz T=FuzzParse TIME=60s
	go run ./fuzz/cmd/fuzzrun -target '$(T)' -time $(TIME)

fuzz-all: ## every target, TIME each
	go run ./fuzz/cmd/fuzzrun -time $(TIME)

compare: ## the speed of this tree against the previous commit's, as CI does
	.ci/regressions

peers: ## what this machine can build of btf-rs, libbpf and cilium/ebpf
	$(MAKE) -C bench/peers all

# Static programs with the embedded kernel, to copy to a target machine.
DIST = linux/amd64 linux/arm64 linux/arm linux/386 linux/riscv64 linux/s390x linux/ppc64le \
	darwin/amd64 darwin/arm64 windows/amd64
dist:
	@mkdir -p dist; for t in $(DIST); do os=$${t%/*}; arch=$${t#*/}; \
	out=dist/benchmark-$$os-$$arch; [ $$os = windows ] && out=$$out.exe; \
	CGO_ENABLED=0 GOOS=$$os GOARCH=$$arch GOARM=7 \
	go build -trimpath -ldflags='-s -w' -o $$out ./cmd/benchmark || exit 1; \
	ls -l $$out | awk '{printf "%6.1f MB  %s\n", $$5/1e6, $$9}'; done

clean:
	rm -rf dist bin .cache
