# Coffer's commands. `make` lists them.
SHELL := /bin/sh
.DEFAULT_GOAL := help
# What npm ci last installed from; newer than the lockfile when nothing is to do.
STAMP := node_modules/.coffer-installed

.PHONY: help install run test test-long check build-envelope bench server-run server-test \
  client-usecase1 client-usecase1-hashed client-usecase2 client-usecase3 aws-client demo-e2e vault-up vault-setup vault-client vault-down

help: install ## List the commands
	@awk -F ':.*## ' '/^[a-z][a-z0-9-]*:.*## / { printf "make %-23s %s\n", $$1, $$2 }' Makefile

install: $(STAMP) ## Install the pinned Node and packages, when the lockfile is newer

$(STAMP): package-lock.json
	npm ci --no-audit --no-fund --loglevel=error
	@touch $@

run: install ## Start a persistent server on 127.0.0.1:8080
	@exec bin/coffer server

server-run: install ## Start a dev server: in memory, loopback only, any credentials
	@exec bin/coffer server --dev

test: install ## Run all tests; installs what they need
	@bin/node tools/test.ts

test-long: install ## Run the soaks, fuzzing and crash tests
	@bin/node tools/test.ts --long

server-test: install ## Run the server's own tests
	@bin/node tools/test.ts packages/wire- apps/server

check: install ## Check types, lint, imports, dead code, pages and dependencies
	@bin/node tools/check.ts

build-envelope: install ## Build the published package of packages/envelope, and tell what it weighs
	@bin/node tools/build-envelope.ts

bench: install ## Measure speed, beside an echo server and OpenSSL
	@bin/node bench/main.ts

client-usecase1: install ## Use case 1: passwords, over REST
	@bin/node examples/passwords/rest.ts

client-usecase1-hashed: install ## Use case 1 done right: passwords hashed with Argon2id and a pepper in the server
	@bin/node examples/passwords/hashed.ts

client-usecase2: install ## Use case 2: a configuration file, over REST
	@bin/node examples/config-file/main.ts

client-usecase3: install ## Use case 3: a large file, over REST
	@bin/node examples/large-file/main.ts

aws-client: install ## Use case 1 with the AWS SDK
	@bin/node examples/passwords/aws.ts

demo-e2e: install ## End-to-end encrypted chat in two browser tabs, through a relay; ARGS="--evil-relay inject-device"
	@bin/node examples/messaging/demo.ts $(ARGS)

vault-up: install ## Start a dev server for the Vault example
	@bin/node examples/vault/up.ts

vault-setup: install ## Prepare it: enable transit, make the key
	@bin/node examples/vault/setup.ts

vault-client: install ## Use case 1 with a Vault client
	@bin/node examples/passwords/vault.ts

vault-down: install ## Stop the dev server of the Vault example
	@bin/node examples/vault/down.ts
