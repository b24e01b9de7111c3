#!/usr/bin/env bash
# On a machine with a GPU: builds, checks the kernels against their twins on it, runs the bench from 10^3 to 10^7 objects,
# and keeps the figures with adapter, driver, date and commit in benches/results/. With TRACKWEAVE_BIN and TWINS_BIN set to
# programs that were built elsewhere, nothing is built. ADAPTER names an adapter that `auto` would not take, OBJECTS other
# sizes. Meant to end within ten minutes on one large GPU.
set -euo pipefail
cd "$(dirname "$0")/.."

out="${OUT:-benches/results}"
mkdir -p "$out"
if [ -z "${TRACKWEAVE_BIN:-}" ]; then
  cargo build --release --locked
  TRACKWEAVE_BIN=target/release/trackweave
fi
if [ -z "${TWINS_BIN:-}" ]; then
  cargo test --release --locked --test twins --no-run
  # The newest: cargo has just built it.
  TWINS_BIN=$(find target/release/deps -maxdepth 1 -name 'twins-*' -perm -u+x -printf '%T@ %p\n' | sort -n | tail -n 1 | cut -d' ' -f2)
fi

devices=$("$TRACKWEAVE_BIN" devices --json)
adapter="${ADAPTER:-$(printf '%s' "$devices" | sed -n 's/.*"auto": *"\([^"]*\)".*/\1/p' | head -n 1)}"
if [ "$adapter" = host ] || [ -z "$adapter" ]; then
  echo "gpu.sh: no GPU answers; found: $devices" >&2
  exit 1
fi
name=$(printf '%s' "$adapter" | tr -c 'A-Za-z0-9\n' '-')
commit=$(git rev-parse --short HEAD 2>/dev/null || echo "${COMMIT:-unknown}")
file="$out/$name-$commit.json"

TWINS_ADAPTER="$adapter" REQUIRE_GPU=1 "$TWINS_BIN" | tee "$out/$name-$commit.twins.txt" | tail -n 3
# shellcheck disable=SC2086 # a list of sizes
bench=$("$TRACKWEAVE_BIN" bench --executor device --scans 16 --json \
  --objects ${OBJECTS:-1000 10000 100000 1000000 10000000})
date=$(date -u +%Y-%m-%d)
printf '{"commit": "%s", "date": "%s", "devices": %s, "bench": %s}\n' "$commit" "$date" "$devices" "$bench" >"$file"
echo "gpu.sh: figures in $file"
