# holdfast: 'make help' lists the targets.
GO ?= go
VERSION ?= $(shell git describe --tags --always --dirty 2>/dev/null)
LDFLAGS := -s -w -X main.version=$(VERSION)
PACKAGES := ./cmd/... ./doctor/... ./internal/... ./istio/... ./manifest/... ./mesh/... ./rules/... ./verify/... ./webhook/... ./test/architecture
# Those with goroutines, locks or pools: the race detector watches them.
CONCURRENT := ./doctor/gather ./istio/proxyconfig ./rules/decide ./rules/evidence ./verify/forward ./webhook/...
FUZZTIME ?= 5s
MUTATE ?= internal/yamltext istio/proxyconfig istio/patterns rules/annotations rules/decide rules/evidence rules/merge
ASSETS := $(or $(KUBEBUILDER_ASSETS),$(CURDIR)/bin/kube)
# The toolchain of releases: other bytes come out of another one.
RELEASE := cd deploy/release && GOTOOLCHAIN=go1.26.8 $(GO) run . -version "$(VERSION)" -image "$(IMAGE)"
.PHONY: $(shell grep -oE '^[a-z0-9-]+:' $(MAKEFILE_LIST) | tr -d :)

help: ## Show this list
	@grep -hE '^[a-z0-9-]+:.*## ' $(MAKEFILE_LIST) | awk -F ':.*## ' '{printf "  make %-15s %s\n", $$1, $$2}'

build: ## Build bin/holdfast
	@mkdir -p bin
	@[ -x bin/holdfast ] || echo "building holdfast: about two minutes on 2 cores the first time, seconds afterwards"
	CGO_ENABLED=0 $(GO) build -trimpath -ldflags "$(LDFLAGS)" -o bin/holdfast ./cmd/holdfast

# The same flags as build, so that nothing is compiled twice.
run: ## Start the webhook on loopback, send it the example pods, show what changes and why
	@echo "compiling the webhook: under a minute on 2 cores the first time, seconds afterwards"
	@CGO_ENABLED=0 $(GO) run -trimpath ./test/run -rules "$(or $(RULES),deploy/examples/rules.yaml)" $(or $(POD),deploy/examples/pods)

demo: build tools ## The same on a real API server with the real Istio: ends with the injected pods
	@cd test/istio && $(GO) run ./demo

# Nothing is tested twice: what race runs, unit does not.
test: PLAIN = $(shell $(GO) list $(PACKAGES) | grep -vxF "$$($(GO) list $(CONCURRENT))")
test: setup lint unit race fuzz e2e istio lab ## Everything that CI runs
	@echo "everything passed"

setup: ## Install what a fresh machine lacks (Debian packages, as root)
	@test/setup

unit: tools ## Unit, golden and property tests
	@KUBEBUILDER_ASSETS=$(ASSETS) $(GO) test $(or $(PLAIN),$(PACKAGES))

race: tools ## Packages with goroutines, under the race detector
	@KUBEBUILDER_ASSETS=$(ASSETS) test/tools/race $(CONCURRENT)

fuzz: ## Fuzz every target for FUZZTIME (5s)
	@test/fuzz $(FUZZTIME) $(PACKAGES)

e2e: build tools ## End to end on a real API server
	@[ -w /sys/fs/cgroup/cgroup.procs ] || [ -w /sys/fs/cgroup/memory/cgroup.procs ] || echo "attacks within a cgroup SKIPPED: none can be made here, an rlimit takes its place; run as root where cgroups are writable"
	KUBEBUILDER_ASSETS=$(ASSETS) $(GO) test -count=1 ./test/...
	cd deploy/release && KUBEBUILDER_ASSETS=$(ASSETS) $(GO) test -count=1 ./...

istio: build tools ## Real Istio judges every annotation
	cd test/istio && KUBEBUILDER_ASSETS=$(ASSETS) $(GO) test -count=1 -timeout 30m ./...

lab: build tools ## Real Envoy and real middleware: connections that live or die (needs root)
	@cd test/lab && $(GO) test ./... && $(GO) run .

lab-all: build tools ## The same with each Envoy of a supported Istio (two minutes each)
	@cd test/lab && $(GO) run . -envoy all

attacks: ## The attacks of e2e, with limits of time (a minute, quiet machine)
	ATTACKS=1 $(GO) test -count=1 -v ./test/attacks

bench: ## Benchmarks, with allocations
	$(GO) test -run '^$$' -bench . -benchmem $(PACKAGES)

bench-compare: ## Benchmarks beside those of commit BASE, in turn (minutes, quiet machine)
	@test/tools/bench-compare "$(BASE)"

bench-admission: build tools ## What it adds to creating a pod, beside other ways, on a real API server (10 minutes, quiet machine)
	@KUBEBUILDER_ASSETS=$(ASSETS) $(GO) run ./test/bench

bench-scaling: build tools ## What grows with rules, ports, networks, variables, namespaces, ConfigMaps, and how (2 minutes, quiet machine)
	@KUBEBUILDER_ASSETS=$(ASSETS) $(GO) run ./test/bench/scaling

soak: build tools ## 200,000 admissions while rules change each second: does it become slow or large? (5 minutes, quiet machine)
	@KUBEBUILDER_ASSETS=$(ASSETS) $(GO) run ./test/bench -soak 200000

mutants: ## Change conditions and arithmetic of MUTATE one by one: do tests notice? (minutes a folder)
	@test/tools/mutants $(MUTATE)

lint: ## Format, vet, static analysis
	@test/tools/lint

tools: ## Build kube-apiserver, etcd, istiod, cert-manager and helm into bin/ (once; minutes)
	@test/kube/build && test/tools/charts && test/istio/build

generate: ## Write generated files anew (JSON Schema)
	$(GO) generate ./...

image: ## Make the container image, for linux amd64 and arm64, in dist/image
	@$(RELEASE) image

release: ## Make all that a release has, in dist; TWICE=1: twice, and compare (minutes)
	@$(RELEASE) all && { [ -z "$(TWICE)" ] || ./twice "$(VERSION)" "$(IMAGE)"; }

clean: ## Remove bin/, the built control planes included, and dist/
	rm -rf bin dist
