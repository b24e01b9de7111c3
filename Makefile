# What a newcomer needs, and what continuous integration calls. One profile, release, for everything: the
# dependencies are built once.

CARGO ?= cargo

.PHONY: help test check crash demo picture encrypt exports features long-noninterference fuzz soak scenarios stages kernels orbits scores scoring smoothing peers satellites catalogue propagation formal gpu second-driver page-load python

help:
	@echo 'make test    set up what is missing, then run every test and the demo'
	@echo 'make check   formatting, lints and documentation, warnings denied'
	@echo 'make crash   kill, signals, EIO, ENOSPC and EACCES at every call of a run, and at 1,000 moments; Linux'
	@echo 'make python  the Python package in a fresh environment: installed, its tests, the notebook; needs Python 3.11 and its package index'
	@echo 'make demo    the whole path on the recording in data/'
	@echo 'make picture  the picture in README.md, from a run of the demo'
	@echo 'make encrypt  the tests of the feature `encrypt`, which builds 115 crates more'
	@echo 'make page-load  pages of 100,000 and a million rows in a browser: frames under 50 ms, under 20 MB, open within 10 s'
	@echo 'make exports  every format, opened by readers of others (Python packages) and compared with the picture'
	@echo 'make features  the library with none of its features and with each alone, lints denied'
	@echo 'make long-noninterference  100,000 cases on the host, 1,000 on the device: an hour'
	@echo 'make fuzz    every fuzz target for FUZZ_RUNS executions (1,000,000; a tenth where one is a whole command)'
	@echo 'make soak    an hour of fuzzing and of random cases with seeds that were never used'
	@echo 'make scenarios  the published scenarios, 1,000 runs, beside figures of independent code'
	@echo 'make scores  scores against Stone Soup, py-motmetrics, TrackEval (installed under target/); coherence, prices once more'
	@echo 'make scoring  what scoring a million objects costs: SCORING="1000000 100"'
	@echo 'make smoothing  what smoothing costs beside fusion: SMOOTHING="1000000 20 8GB"'
	@echo 'make stages  every stage, kernel and twin'
	@echo 'make kernels  kernels on the interpreter under SEEDS=1000 schedules, without a driver: bits, races, words read and written'
	@echo 'make orbits  orbits against the same forces in f64: 32 of each class, a day each'
	@echo 'make satellites  observations of real radars: predictions and identities; needs TRACKWEAVE_RECORDINGS'
	@echo 'make catalogue  100,000 satellites at once, simulated: time, memory, tracks; OBJECTS=1000 for fewer'
	@echo 'make propagation  orbits a second, beside the crate and the Python package sgp4'
	@echo 'make gpu     on a machine with a GPU: kernels against twins there, and figures for benches/results/'
	@echo 'make second-driver  kernels against twins on a second software driver, which shows missing barriers'
	@echo 'make formal  proofs about rules of the demo and of data/policies, and the tests of the prover; needs cvc5'
	@echo 'make peers   the best that public crates give for one scan, for comparison'

# The tests must have a device: software Vulkan where there is no other. REQUIRE_GPU turns a missing one into a failure.
# With the features of the demo and in its profile, so that demo and tests build the dependencies once. The crate itself is built quickly
# rather than to be fast, in a third of the time: it is built for the program, its own tests and fifty others, and computes the same bits.
# FEATURES=--all-features tests `encrypt` with the rest.
QUICKLY = --config profile.release.package.trackweave.opt-level=1 --config profile.release.package.trackweave.codegen-units=64
FEATURES ?=
test:
	REQUIRE_GPU=1 scripts/with-vulkan $(CARGO) test --release --locked $(QUICKLY) $(FEATURES) -p trackweave -p trackweave-interpreter
	scripts/with-vulkan $(CARGO) run --release --locked $(QUICKLY) $(FEATURES) -- demo --out target/demo
	scripts/browser --quick --out target/demo --shots target/shots target/demo/*/report.html target/tmp/record/pages/report.html

# Behind `make test`, whose dependencies and program it takes.
python:
	scripts/python $(QUICKLY)

# Apart: the feature changes seven crates that others share, so 55 dependencies are built again, and age with its own. What
# it is about is slow in age alone: the crate itself is built quickly.
encrypt:
	$(CARGO) test --release --locked $(QUICKLY) --features encrypt --lib --test verify --test command_line

# Not part of `make test`: figures of speed, on a machine that does nothing else.
page-load:
	scripts/page-load

# Needs Python 3 and its package index.
exports:
	$(CARGO) build --release --locked
	scripts/check-exports

check:
	./check

# Every call, one after the other; 'make test' tries a sample.
crash:
	CRASH=all $(CARGO) test --release --locked --all-features --test crash -- --nocapture

demo:
	$(CARGO) run --release --locked -- demo

picture:
	$(CARGO) run --release --locked -- demo --out target/demo
	scripts/browser --quick --shots target/shots target/demo/_operator/report.html
	cp target/shots/_operator-light.png docs/page.png

# Not the profile `bench`: it would build every dependency again.
scenarios:
	$(CARGO) bench --locked --profile release --bench scenarios

features:
	scripts/features

long-noninterference:
	NONINTERFERENCE_CASES=100000 REQUIRE_GPU=1 scripts/with-vulkan $(CARGO) test --release --locked --test noninterference \
	  -- --nocapture

# Every input that brings a target down is kept below target/fuzz-artifacts.
fuzz:
	scripts/fuzz

soak:
	scripts/soak

stages:
	scripts/with-vulkan $(CARGO) bench --locked --profile release --bench stages

# 'make test' takes 5 of a stage, 1 of whole waves. At full length this takes hours.
SEEDS ?= 1000
kernels:
	KERNEL_COUNTS=1 KERNEL_SEEDS=$(SEEDS) $(CARGO) test --release --locked --test twins -- interpreted

# 'make test' takes two of each class.
orbits:
	ORBITS=all $(CARGO) test --release --locked --lib oracle::orbit -- --nocapture

satellites:
	benches/recordings/run satellites

catalogue:
	benches/recordings/run catalogue

propagation:
	benches/recordings/run propagation

scores:
	scripts/check-scores
	scripts/check-coherence

SCORING ?= 100000 20
scoring:
	$(CARGO) bench --locked --profile release --bench scoring -- $(SCORING)

smoothing:
	$(CARGO) bench --locked --profile release --bench smoothing -- $(SMOOTHING)

# Not part of `make test`: a solver that the program does not need.
formal:
	REQUIRE_CVC5=1 $(CARGO) test --release --locked --manifest-path formal/Cargo.toml
	formal/target/release/trackweave-formal narrower data/demo/policy data/demo/policy
	formal/target/release/trackweave-formal caveat data/policies/national-caveats national

peers:
	$(CARGO) clippy --release --locked --all-targets --manifest-path benches/peers/Cargo.toml -- -D warnings
	$(CARGO) test --release --locked --manifest-path benches/peers/Cargo.toml
	$(CARGO) build --release --locked --manifest-path benches/peers/Cargo.toml
	for objects in 1000 10000 100000 1000000; do \
	  benches/peers/target/release/trackweave-peers --objects $$objects --scans 20 || exit 1; \
	done

gpu:
	benches/gpu.sh

# SwiftShader, from the distribution's chromium.
second-driver:
	scripts/with-swiftshader $(CARGO) test --release --locked --test twins
