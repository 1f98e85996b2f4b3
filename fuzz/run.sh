#!/usr/bin/env bash
# Runs every target from its seeds: run.sh [SECONDS], 300 without it.
set -euo pipefail
cd "$(dirname "$0")"
export RUSTC_BOOTSTRAP=1
for target in replies commands urls; do
  mkdir -p "corpus/$target"
  cargo fuzz run --fuzz-dir . "$target" "corpus/$target" "seeds/$target" -- -max_total_time="${1:-300}" -max_len=2048 -print_final_stats=1
done
