# What one does with this project. `make` alone lists it.

BIN      := bin
COMMANDS := ingest normalize index copydesk
LISTEN   ?= :8080
DATA     ?= data
FUZZTIME ?= 30s
UPDATE   ?=
TOOLS    := $(shell go env GOPATH)/bin
GOLANGCI := $(TOOLS)/golangci-lint
GOFUMPT  := $(TOOLS)/gofumpt
# The race detector needs a C compiler; without one the tests run without it.
RACE     := $(if $(shell command -v cc gcc clang 2>/dev/null),-race,)

.DEFAULT_GOAL := help
.PHONY: help build run test check lint fmt fuzz bench eval hostile drill simulate load images compose tools screenshots clean

help: ## list these targets
	@awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## build the four commands into bin/
	@CGO_ENABLED=0 go build -trimpath -o $(BIN)/ $(addprefix ./cmd/,$(COMMANDS))

run: build ## run everything on http://localhost:8080 (FEEDS=my.opml for your own feeds, DATA=dir, LISTEN=addr)
	@exec $(BIN)/copydesk run --data $(DATA) --listen $(LISTEN) $(addprefix --feeds ,$(FEEDS)) $(addprefix --urls ,$(URLS)) $(ARGS)

test: ## all tests with the race detector, no network needed
	@test -n "$(RACE)" || echo "no C compiler: the tests run without the race detector"
	go test $(RACE) -parallel 4 -timeout 20m ./...

check: ## what CI runs: format, vet, lint, race tests, generated files unchanged
	@test -z "$$($(GOFUMPT) -l .)" || { echo "not formatted (make fmt):"; $(GOFUMPT) -l .; exit 1; }
	go vet ./...
	$(GOLANGCI) run ./...
	go mod verify
	go test -race -parallel 4 -timeout 20m ./...
	go generate ./...
	go mod tidy -diff
	git diff --exit-code

lint: ## golangci-lint
	$(GOLANGCI) run ./...

fmt: ## format everything
	$(GOFUMPT) -w .

tools: ## install the tools that check, lint and bench need
	test -x $(GOLANGCI) || go install github.com/golangci/golangci-lint/v2/cmd/golangci-lint@v2.15.0
	test -x $(GOFUMPT) || go install mvdan.cc/gofumpt@v0.12.0

fuzz: ## run every fuzz target for FUZZTIME (30s)
	@grep -rEo --include='*_test.go' '^func Fuzz[A-Za-z0-9_]+' pkg | sort -u | sed 's|/[^/]*:func | |' | while read -r pkg target; do \
	  echo "== $$target in $$pkg"; \
	  go test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 10x ./$$pkg </dev/null || exit 1; done

bench: ## what one article costs in each stage, and what cleaning costs over parsing
	go test -run '^$$' -bench '^BenchmarkArticle' -benchmem -count 5 ./pkg/app
	go test -run '^$$' -bench '^BenchmarkExtract' ./pkg/extract
	go test -run '^$$' -bench '^Benchmark(Engine|Add)/10000$$' -benchtime 2000x ./pkg/dedup ./pkg/story

eval: build ## how good the cleaner is, beside goals and last figures (UPDATE=1 commits the figures to docs/); needs ../shared/eval
	@go run ./pkg/quality/evaltable $(if $(UPDATE),-update)

hostile: ## pages of 10 MB that are made to hurt, each held to 3 s of CPU and 300 MB; prints what they cost
	@COPYDESK_HOSTILE=10 go test -count=1 -timeout 30m -run '^TestHostileCosts$$' ./pkg/extract

drill: ## workers killed again and again: 2,000 pages through the pipeline, 6,000 entries seen from their hosts, 10,000 hosts on one worker, 20,000 articles into the index; and workers that are wrong on purpose
	COPYDESK_DRILL=1 go test -run '^TestDrill|^TestHostsSee|^TestTenThousandHosts' -v -timeout 30m ./pkg/app

simulate: ## days of 10,000 feeds polled by our rule and by three others, and 2,000 hosts that watch their manners; fails when a goal is missed
	COPYDESK_SIMULATE=1 go test -count=1 -timeout 15m -run "^TestSimulatedWeb$$" -v ./pkg/app
	@go run ./pkg/simulate/day

load: ## 60,000 pages of 20 KB through an ingest worker into a broker that syncs every write; fails below 2,000 pages/s
	COPYDESK_LOAD=1 go test -count=1 -timeout 15m -run '^TestLoad$$' -v ./pkg/app

images: ## build the container images with Docker
	for c in $(COMMANDS); do docker build -f deploy/Dockerfile --target $$c -t copydesk/$$c . || exit 1; done

compose: ## bring deploy/compose.yaml up in containers built here and compare its articles
	COPYDESK_TEST_COMPOSE=1 go test -count=1 -run TestNewsroomThroughContainers -v -timeout 25m ./pkg/app

screenshots: ## write screenshots of the pages to screenshots/
	COPYDESK_SCREENSHOTS=$(CURDIR)/screenshots go test -count=1 -run 'Browser' ./pkg/search

clean: ## remove what was built
	rm -rf $(BIN) screenshots
