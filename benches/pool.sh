#!/usr/bin/env bash
# The figures of a pool, beside the example `load` and lettre's pool: README.md, "A pool". Needs valgrind.
# Usage: ./pool.sh [cost|rate|delay|idle|hang]...   all without one
set -euo pipefail
cd "$(dirname "$0")"
: "${BENCH_TARGET:=$PWD/target}"; : "${ROUNDS:=25}"
[ "${BENCH_TARGET#/}" != "$BENCH_TARGET" ] || BENCH_TARGET=$PWD/$BENCH_TARGET
build() { CARGO_TARGET_DIR=$BENCH_TARGET cargo build --quiet --release --locked "$@"; }
build -p benches --bin pool -p bench-harness --bin sink --bin latency-proxy
program=$BENCH_TARGET/release/pool

instructions() { # instructions WAY METHOD MESSAGES
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" count "$1" "$2" 8 128 "$3" 2>&1 | sed -n 's/.*Collected : //p'
}
cost() { # 8 connections, 128 callers: of two runs the difference
  for way in send send_all stream; do
    for method in data chunks eager; do
      "$program" count $way $method 8 128 4000
      echo "$way, $method: $((($(instructions $way $method 2000) - $(instructions $way $method 1000)) / 1000)) instructions per message"
    done
  done
}
rate() {
  (cd .. && build -p examples --example load)
  for method in data chunks eager; do
    "$program" rate $method many 10000 "$ROUNDS" "$BENCH_TARGET/release/examples/load"
    "$program" rate $method one 10000 "$ROUNDS"
  done
}
delay() {
  build -p peer-lettre
  "$program" delay data 50 1000 10 "$BENCH_TARGET/release/peer-lettre"
  for method in chunks eager; do "$program" delay $method 50 1000 10; done
}
idle() {
  for security in clear tls; do "$program" idle $security 1000; done
}
hang() { # virtual time, so that no machine has a say
  (cd .. && cargo test --quiet --workspace --test pool --features "$(.ci/run --features)" fairness -- --nocapture)
}
[ $# -gt 0 ] || set -- cost rate delay idle hang
for figure in "$@"; do "$figure"; done
