GO ?= go
FUZZTIME ?= 1000x
TOOL = $(GO) tool -modfile=tools/go.mod

# Property tests draw the same cases each time, so that a failure is of the change that
# is tested; make hunt draws others.
export RAPID_SEED ?= 1

.DEFAULT_GOAL := help

help: ## list the targets
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

build: ## build bin/docsctl, one static file
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "-s -w" -o bin/docsctl ./cmd/docsctl

test: ## run every test; installs or starts the servers that they need
	$(GO) run ./internal/testenv/ensure
	$(GO) test ./...

# Tests that take minutes under the race detector and show it nothing new: the same
# parser in a child process over many files, the same cases over many statements, the
# same sync with another fault each time, the same command killed at another point, the
# same pipeline over long texts. The chaos test has its full form instead, at a worker's
# own pace.
MANY = '^TestChaos$$|KilledAtFiftyPoints|SharedFiles|HostileFiles|OfRealTexts|^TestMutants$$|^TestSandboxed_AnswersAsTheExtractorDoes$$|^TestSync_(NoFault|Resumes)'

race: ## run every test, all that share memory under the race detector (vet is a linter)
	$(GO) run ./internal/testenv/ensure
	CGO_ENABLED=1 $(GO) test -race -vet off -timeout 12m -skip $(MANY) $$($(GO) list ./... | grep -v /internal/bench/)
	CGO_ENABLED=0 $(GO) test -trimpath -vet off ./internal/bench/...
	CGO_ENABLED=0 $(GO) test -trimpath -vet off -run $(MANY) ./adapters/connectors ./adapters/extract ./adapters/postgres ./cmd/docsctl ./core/coretest ./core/summarize ./internal/wire
	CGO_ENABLED=0 GOFLAGS=-trimpath $(MAKE) chaos

lint: ## run the linters that .golangci.yml lists
	$(TOOL) golangci-lint run ./...

vuln: ## look for known vulnerabilities in what is called
	$(TOOL) govulncheck ./...

generate: ## write what is generated
	$(GO) generate ./...

verify: ## check that generated code and module files are up to date
	$(GO) generate ./...
	$(GO) mod tidy -diff
	git diff --exit-code

fakecheck: ## prove the fake vendors with clients from npm; skipped without node
	tools/fakecheck/run

bench: ## print the benchmarks: summaries' quality, then speed
	$(GO) run ./internal/bench/eval
	$(GO) run ./internal/bench/grounding
	$(GO) run ./internal/bench/extract
	$(GO) run ./internal/bench/edits
	$(GO) test -run '^$$' -bench . -benchtime 1s -short -timeout 30m ./...

DOCUMENTS ?= 1000000
ORGANIZATIONS ?= 1000

plans: ## print the plans of the hot statements, then GET, LIST and POST, at DOCUMENTS over ORGANIZATIONS
	$(GO) test -count 1 -timeout 60m -run '^$$' -bench 'Plans|Requests' -benchtime 1x ./internal/bench/scale \
		-scale.documents $(DOCUMENTS) -scale.organizations $(ORGANIZATIONS)

chaos: ## run 10,000 jobs while workers, Postgres and Redis are taken away, and judge the event log
	$(GO) run ./internal/testenv/ensure
	$(GO) test -count 1 -v -timeout 60m -run '^TestChaos$$' ./internal/clustertest -chaos.jobs 10000

replay: ## cut 2,000 clients of the feed off 200 times each while Redis and servers are taken away, and compare what they got
	$(GO) run ./internal/testenv/ensure
	$(GO) test -count 1 -v -timeout 60m -run '^TestReplay$$' ./internal/clustertest -replay.clients 2000 -replay.cuts 200

suites: ## print each port's suite with its cases by adapter, and the mutants with what caught them
	$(GO) run ./internal/suites

# FUZZTIME counts inputs: a time that runs out while an input is tried can fail a target.
fuzz: ## run every fuzz target of the file readers over FUZZTIME (1000x) new inputs each
	@for target in $$($(GO) test -list '^Fuzz' ./adapters/extract | grep '^Fuzz'); do \
		$(GO) test -run '^$$' -fuzz "^$$target$$" -fuzztime $(FUZZTIME) ./adapters/extract || exit 1; \
	done

CHECKS ?= 5000

hunt: ## look for faults that no test shows yet: CHECKS (5000) random cases of each property, 200,000 inputs of each fuzz target
	@for package in $$(grep -rl --include='*_test.go' pgregory.net/rapid . | xargs -n1 dirname | sort -u); do \
		RAPID_SEED=0 RAPID_CHECKS=$(CHECKS) $(GO) test -count 1 -timeout 60m ./$$package || exit 1; \
	done
	$(MAKE) fuzz FUZZTIME=200000x

run: ## serve on 127.0.0.1:8080
	$(GO) run ./cmd/docsctl serve

.PHONY: help build test race lint vuln generate verify fakecheck bench plans fuzz hunt chaos replay suites run
