# rollcall: `make demo` shows it, `make test` runs everything that CI runs.
GO      ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
LDFLAGS := -s -w -X github.com/rollcall-dev/rollcall/cmd/rollcall/internal/cli.version=$(VERSION)
TOOL    := $(GO) tool -modfile=.ci/tools.mod
# The race detector needs a C compiler; without one the tests run without it.
RACE    := $(shell command -v $${CC:-gcc} >/dev/null 2>&1 && echo -race)

.PHONY: help
help: ## this list
	@awk -F':.*## ' '/^[a-z-]+:.*## /{printf "  make %-10s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

.PHONY: build
build: ## build bin/rollcall
	@CGO_ENABLED=0 $(GO) build -trimpath -ldflags='$(LDFLAGS)' -o bin/rollcall ./cmd/rollcall

.PHONY: demo
demo: build ## plan, apply, explain and plan again, on a SCIM service of its own
	@sh examples/demo.sh bin/rollcall

.PHONY: test
test: lint ## everything that CI runs: vet, staticcheck, govulncheck, all tests with the race detector
	@tags=$$(sh .ci/servers.sh) || exit 1; \
		echo '$(GO) test $(RACE) -timeout 20m ./...'; $(GO) test $(RACE) -tags "$$tags" -timeout 20m ./...

.PHONY: lint
lint: ## gofmt, vet, staticcheck, actionlint, govulncheck (where its database can be reached)
	@test -z "$$(gofmt -l $$(git ls-files '*.go'))" || { gofmt -l $$(git ls-files '*.go'); echo 'run gofmt -w on these'; exit 1; }
	$(GO) vet ./...
	$(GO) vet -tags servers ./providers/statestore
	$(TOOL) staticcheck ./...
	$(TOOL) actionlint -shellcheck= -pyflakes= examples/ci-github/.github/workflows/*.yml
	@sh .ci/govulncheck.sh $(TOOL)

.PHONY: golden
golden: ## rewrite golden files, generated docs and the outputs shown in READMEs
	UPDATE=1 $(GO) test ./...

.PHONY: mutants
mutants: ## break the planner on purpose, one way at a time: the tests must notice every one
	$(GO) test -tags mutants -count=1 -timeout 60m -run TestEveryMutantIsKilled -v ./planner

# mawk waits for whole blocks of its input, unless it is told not to.
SUM = awk $$(awk -W version </dev/null 2>/dev/null | grep -q '^mawk' && echo -W interactive) -f .ci/campaign.awk

# Each prints a line for each kind of fault.
CHAOS_TESTS := TestChaos TestChaosAtAnyWriteLosesAndDoublesNothing TestAKillAtAnyStepLosesAndDoublesNothing \
	TestAWriteOfTheDeadThatComesLateIsNotMadeTwice \
	TestAProcessKilledAtAnyWriteLeavesTheRestToTheNext TestKilledAgainAndAgain TestTheWireBreaksAnywhereAndTheEndIsAsDeclared
.PHONY: chaos
chaos: ## kill apply at random points, a thousand times a kind, and count what was lost or done twice
	@{ ROLLCALL_CHAOS=$(or $(CHAOS),1000) $(GO) test -count=1 -timeout 120m -run "^($$(echo $(CHAOS_TESTS) | tr ' ' '|'))$$" -v ./providers ./cmd/rollcall; \
		echo "exit code of all: $$?"; } | $(SUM) -v kinds='$(CHAOS_TESTS)'

.PHONY: stores
stores: ## let ten thousand runs meet at every kind of state store, be killed and stopped (STORE=http for one)
	@tags=$$(sh .ci/servers.sh) || exit 1; kinds="file s3 http $${tags:+postgres s3_gateway}"; \
	{ ROLLCALL_CHAOS=$(or $(CHAOS),1000) $(GO) test -tags "$$tags" -count=1 -timeout 150m -run 'TestChaosOfRunsThatMeetAtAStore/^$(or $(STORE),.*)$$' -v ./providers/statestore; \
		echo "exit code of all: $$?"; } | $(SUM) -v kinds="$(or $(STORE),$$kinds)"

HISTORY_TESTS := TestAnyWorldComesAboutWhateverFails TestApplyEndsWhereTheContractSays
.PHONY: histories
histories: ## let a million random histories happen and hold their ends against a model (HISTORIES=N for fewer)
	@{ $(GO) test -count=1 -timeout 180m -run "^($$(echo $(HISTORY_TESTS) | tr ' ' '|'))$$" -v ./providers ./planner -rapid.checks=$(or $(HISTORIES),1000000); \
		echo "exit code of all: $$?"; } | $(SUM) -v kinds='$(HISTORY_TESTS)'

.PHONY: fuzz
fuzz: ## fuzz everything that parses, FUZZTIME each (default 1m)
	@sh .ci/fuzz.sh $(or $(FUZZTIME),1m)

.PHONY: bench
bench: ## measure what a user waits for, each as a ratio to its floor (BENCH=Scale for those alone)
	@sh .ci/bench.sh '$(BENCH)'

.PHONY: clean
clean: ## remove what make built
	rm -rf bin
