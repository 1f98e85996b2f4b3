#!/bin/sh
# Builds what is needed and measures. Usage: ./run.sh [client...]
#   ./run.sh                 everything
#   ./run.sh lettre ours     these, and their variants (lettre-pool, ours-bdat, ...)
# Environment: SECTIONS, ROUNDS, PIN, LARGE, BENCH_TARGET, BENCH_OUT (README.md).
set -eu
cd "$(dirname "$0")"
: "${BENCH_TARGET:=$PWD/target}"; : "${BENCH_OUT:=$PWD/out}"
export BENCH_TARGET BENCH_OUT
# Each alone: built together they would share the features that any of them asks for.
build() { CARGO_TARGET_DIR="$BENCH_TARGET" cargo build --release --quiet --locked --package "$1"; }
wanted() { name=$1; shift; [ $# = 0 ] && return 0; for peer in "$@"; do case $peer in "$name"|"$name"-*) return 0;; esac; done; return 1; }
build bench-harness
case ",${SECTIONS:-}," in *,micro,*) build bench-micro;; esac
if [ -z "${BENCH_OURS:-}" ] && wanted ours "$@"; then build benches; fi
for folder in peers/*/; do
  name=$(basename "$folder")
  wanted "$name" "$@" || continue
  if [ -e "$folder/Cargo.toml" ]; then
    build "peer-$name" || echo "$name does not build; left out" >&2
  elif [ -e "$folder/package.json" ] && command -v npm >/dev/null; then
    [ -d "$folder/node_modules" ] || (cd "$folder" && npm install --silent --no-audit --no-fund) || echo "$name not installed" >&2
  elif [ -e "$folder/requirements.txt" ] && [ ! -x "$BENCH_TARGET/venv/bin/python" ] && [ -z "${BENCH_PYTHON:-}" ]; then
    { python3 -m venv "$BENCH_TARGET/venv" && "$BENCH_TARGET/venv/bin/pip" install -q -r "$folder/requirements.txt"; } || echo "$name not installed" >&2
  fi
done
exec python3 run.py "$@"
