# `make help` is the front door. What CI runs is what `make test` runs (.ci/run).

GO      ?= go
TOOLS   := $(shell $(GO) env GOPATH)/bin
LINT    := $(or $(shell command -v golangci-lint 2>/dev/null),$(wildcard $(TOOLS)/golangci-lint))
VERSION := $(shell git describe --tags --always --dirty 2>/dev/null || echo dev)
# ./... leaves testdata out, and ./testdata/... finds nothing.
PACKAGES := ./... $(patsubst %,./%...,$(sort $(dir $(wildcard testdata/*/*.go))))

FUZZTIME ?= 20s
SOAK     ?= 20m

.PHONY: help build demo test check fmt vet lint bench soak test-openstack test-kubernetes test-aws test-azure test-ibmvpc test-gce test-faults fuzz clean

help: ## Show this list
	@awk -F ':.*## ' '/^[a-z-]+:.*## / {printf "  make %-12s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

build: ## Build the daemon, bin/nodepool-tf
	$(GO) build -ldflags '-X main.version=$(VERSION)' -o bin/ ./cmd/nodepool-tf

demo: build ## Show it at work: Zuul's request becomes nodes to log into (installs what is missing)
	@$(GO) build -o bin/ ./cmd/demo && exec bin/demo -daemon bin/nodepool-tf $(ARGS)

test: ## Run all tests: unit, golden, property, and with real ZooKeeper, Terraform, sshd and Zuul's own code
	$(GO) test -count=1 -p 2 -parallel 4 -timeout 20m $(PACKAGES)

check: fmt vet lint test ## Formatting, vet, lint (when golangci-lint is there), tests

fmt: ## Fail on files that gofmt would change
	@files=$$(gofmt -l $$(git ls-files -co --exclude-standard '*.go')); test -z "$$files" || { echo "gofmt -w these:"; echo "$$files"; exit 1; }

vet:
	$(GO) vet $(PACKAGES)

lint:
ifneq ($(LINT),)
	$(LINT) run $(PACKAGES)
else
	@echo "lint: NOT RUN, golangci-lint v2 is not installed"
endif

# ARGS='-phases idle,burst' measures less, '-quick' sees that it works, '-svg docs/bench.svg' draws, '-output json'
# prints JSON, '-check' fails when a budget is not met, '-profile DIR' profiles the daemon; 'bin/bench -h' lists all.
bench: build ## Measure latency, throughput and memory beside bare Terraform and Nodepool (15 minutes; see ARGS above it)
	@$(GO) build -o bin/ ./cmd/bench && exec bin/bench -daemon bin/nodepool-tf $(ARGS)

soak: build ## Let Zuul's own code send mixed requests for SOAK=20m and check every invariant
	@$(GO) build -o bin/ ./cmd/demo && exec bin/demo -daemon bin/nodepool-tf -soak $(SOAK) $(ARGS)

test-openstack: ## Make, use and delete nodes on a real OpenStack (docs/openstack.md says what it needs)
	@test -n "$$OS_CLIENT_CONFIG_FILE" || { echo "test-openstack: set OS_CLIENT_CONFIG_FILE to a clouds.yaml with the clouds oslab and oslab-admin: docs/openstack.md"; exit 1; }
	@test -x "$$NODEPOOL_TF_OPENSTACK_PROVIDER" || { echo "test-openstack: set NODEPOOL_TF_OPENSTACK_PROVIDER to the program terraform-provider-openstack (3.x): docs/openstack.md"; exit 1; }
	$(GO) test -count=1 -tags openstack -run '^TestOpenStack' -v -timeout 30m ./cmd/nodepool-tf

test-aws: ## Make, use and delete nodes on moto's EC2 (docs/aws.md says what it needs)
	@test -n "$$NODEPOOL_TF_MOTO" || { echo "test-aws: set NODEPOOL_TF_MOTO to the URL of a running moto_server: docs/aws.md"; exit 1; }
	$(GO) test -count=1 -tags aws -run '^TestMoto' -v ./modules/aws/lookup
	@test -x "$$NODEPOOL_TF_AWS_PROVIDER" || { echo "test-aws: set NODEPOOL_TF_AWS_PROVIDER to the program terraform-provider-aws (4.57 or later): docs/aws.md"; exit 1; }
	$(GO) test -count=1 -tags aws -run '^TestAWS' -v -timeout 30m ./cmd/nodepool-tf

test-azure: ## Make, use and delete nodes on a simulated Azure with the real provider (docs/azure.md says what it needs)
	@test -x "$$NODEPOOL_TF_AZURERM_PROVIDER" || { echo "test-azure: set NODEPOOL_TF_AZURERM_PROVIDER to the program terraform-provider-azurerm (4.75 or later): docs/azure.md"; exit 1; }
	$(GO) test -count=1 -tags azure -run '^TestAzure' -v -timeout 30m ./cmd/nodepool-tf

test-ibmvpc: ## Make, use and delete nodes on a simulated IBM Cloud with the real provider (docs/ibmvpc.md says where it is from)
	@test -x "$$NODEPOOL_TF_IBM_PROVIDER" || { echo "test-ibmvpc: set NODEPOOL_TF_IBM_PROVIDER to the program terraform-provider-ibm (2.5): docs/ibmvpc.md"; exit 1; }
	$(GO) test -count=1 -tags ibmvpc -run '^TestIBM' -v -timeout 30m ./cmd/nodepool-tf

test-gce: ## Make, use and delete nodes on a simulated Compute Engine, with the real provider (docs/gce.md)
	@test -x "$$NODEPOOL_TF_GOOGLE_PROVIDER" || { echo "test-gce: set NODEPOOL_TF_GOOGLE_PROVIDER to the program terraform-provider-google (5.0 or later): docs/gce.md"; exit 1; }
	$(GO) test -count=1 -tags gce -run '^TestGCE' -v -timeout 30m ./cmd/nodepool-tf

test-faults: ## Ten minutes of random faults while Zuul asks; ARGS='-seed N' runs a schedule again, -help says more
	@$(GO) build -o bin/ ./cmd/faults && exec bin/faults $(ARGS)

test-kubernetes: ## The kubernetes drivers on a real API server; docs/kubernetes.md says which programs that takes
	$(GO) test -count=1 -tags kubernetes -run '^TestKubernetes' -timeout 20m -v ./cmd/nodepool-tf

fuzz: ## Fuzz every fuzz test for FUZZTIME=20s each
	@for package in $$($(GO) list $(PACKAGES)); do \
	  for name in $$($(GO) test -list '^Fuzz' $$package | grep '^Fuzz'); do \
	    echo "== $$package $$name"; \
	    $(GO) test -run '^$$' -fuzz "^$$name\$$" -fuzztime $(FUZZTIME) -fuzzminimizetime 20x $$package || exit 1; \
	  done; \
	done

clean: ## Remove what was built
	rm -rf bin
