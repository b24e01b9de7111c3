# What a newcomer needs, and what continuous integration calls. One profile, release, for everything: the
# dependencies are built once.

CARGO ?= cargo

.PHONY: help test check crash demo scenarios stages peers formal gpu second-driver

help:
	@echo 'make test    set up what is missing, then run every test and the demo'
	@echo 'make check   formatting, lints and documentation, warnings denied'
	@echo 'make crash   kill, signals, EIO, ENOSPC and EACCES at every call of a run, and at 1,000 moments; Linux'
	@echo 'make demo    the whole path on the recording in data/'
	@echo 'make scenarios  the published scenarios, 1,000 runs, beside figures of independent code'
	@echo 'make stages  every stage, kernel and twin'
	@echo 'make gpu     on a machine with a GPU: kernels against twins there, and figures for benches/results/'
	@echo 'make second-driver  kernels against twins on a second software driver, which shows missing barriers'
	@echo 'make formal  proofs about rules of the demo and of data/policies, and the tests of the prover; needs cvc5'
	@echo 'make peers   the best that public crates give for one scan, for comparison'

# The tests must have a device: software Vulkan where there is no other. REQUIRE_GPU turns a missing one into a failure.
# With every feature, as `check` has it, so that the dependencies are built once.
test:
	REQUIRE_GPU=1 scripts/with-vulkan $(CARGO) test --release --locked --all-features
	scripts/with-vulkan $(CARGO) run --release --locked --all-features -- demo --out target/demo
	$(CARGO) test --release --locked --manifest-path benches/peers/Cargo.toml

check:
	./check

# Every call, one after the other; 'make test' tries a sample.
crash:
	CRASH=all $(CARGO) test --release --locked --all-features --test crash -- --nocapture

demo:
	$(CARGO) run --release --locked -- demo

# Not the profile `bench`: it would build every dependency again.
scenarios:
	$(CARGO) bench --locked --profile release --bench scenarios

stages:
	scripts/with-vulkan $(CARGO) bench --locked --profile release --bench stages

# Not part of `make test`: a solver that the program does not need.
formal:
	REQUIRE_CVC5=1 $(CARGO) test --release --locked --manifest-path formal/Cargo.toml
	formal/target/release/trackweave-formal narrower data/demo/policy data/demo/policy
	formal/target/release/trackweave-formal caveat data/policies/national-caveats national

peers:
	$(CARGO) build --release --locked --manifest-path benches/peers/Cargo.toml
	for objects in 1000 10000 100000 1000000; do \
	  benches/peers/target/release/trackweave-peers --objects $$objects --scans 20 || exit 1; \
	done

gpu:
	benches/gpu.sh

# SwiftShader, from the distribution's chromium.
second-driver:
	scripts/with-swiftshader $(CARGO) test --release --locked --test twins
