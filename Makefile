.DEFAULT_GOAL := build
.PHONY: run build test race lint fuzz-short bench pictures soak deps deps-run clean

VERSION  ?= $(shell git describe --always --dirty 2>/dev/null)
LDFLAGS  := -X main.version=$(VERSION)
NETWORKS ?= sms
FUZZTIME ?= 5m
KILLTIME ?= 3m
# SQLite is C that was translated to Go: it locks in its own way, and to watch each
# of its pointers took a third of the processor time of all tests.
RACE     := -race -gcflags='modernc.org/...=-race=false -d=checkptr=0'

# run: a demo in the browser, nothing to set up. Ctrl-C ends all of it.
# NETWORKS=sms,matrix shows Matrix, too.
run deps-run: export NETWORKS := $(NETWORKS)
run:
	@cmd/lab/deps.sh run check
	@$(MAKE) --no-print-directory -j2 deps-run bin/demo
	@exec bin/demo -networks '$(NETWORKS)'

# build: the program, bin/causeway.
build:
	go build -trimpath -ldflags '$(LDFLAGS)' -o bin/causeway ./cmd/causeway

# bin/demo is the demo with all its parts; Go knows what is new.
.PHONY: bin/demo
bin/demo: build
	@go build -o bin/ ./cmd/demo ./cmd/handset

# test: everything that can be checked in minutes, on what nobody here wrote.
test: deps
	@$(MAKE) --no-print-directory lint race fuzz-short

# A program with the race detector sleeps for a second before it ends, unless it
# is told not to: each stop of a gateway took two, its keeper and its worker.
# Three packages run at a time, as some wait more than they work. The longest are
# named first, or they would end alone, minutes after the others.
race:
	GORACE="$$GORACE atexit_sleep_ms=0" go test $(RACE) -count=1 -parallel 4 -p 3 -timeout 40m ./cmd/causeway ./component ./component/gateway ./bridges/matrix ./...

lint:
	@.ci/lint.sh

# fuzz-short: every fuzz target for a moment; soak has hours.
fuzz-short:
	@.ci/fuzz.sh 500ms

# bench: the figures of docs/benchmarks.md.
bench: deps
	go test -run '^$$' -bench . -benchmem ./bridges/... ./mapping/... ./component/...
	go test -run '^$$' -bench . -benchtime 5x -timeout 1h ./cmd/...

# pictures: those of the documents, from what the tests see in a browser.
pictures: deps
	DEMO_PICTURES=$(CURDIR)/docs go test -count=1 -run 'Story|Commands|Contact|Own|Matrix' ./cmd/demo

# soak: for hours: every fuzz target for FUZZTIME, then the endurance tests,
# which kill again and again for KILLTIME (30 s in `make test`).
soak: deps
	@.ci/fuzz.sh $(FUZZTIME)
	KILLTIME=$(KILLTIME) go test $(RACE) -run KilledFromOutside -timeout 1h ./component/gateway
	KILLTIME=$(KILLTIME) go test $(RACE) -run 'Kill|Upgrade|Poison|MatrixFaults' -count 20 -timeout 8h ./cmd/...

# deps: what the tests need; deps-run: what the demo needs, which is less.
deps:
	@cmd/lab/deps.sh test
deps-run:
	@cmd/lab/deps.sh run

clean:
	rm -rf bin .run cmd/lab/node/node_modules cmd/lab/python/.venv
