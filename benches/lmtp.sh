#!/usr/bin/env bash
# LMTP beside SMTP: a stream of messages of 2 KiB with a hundred recipients each. Round trips and instructions per
# message, and what LMTP takes of each in proportion. Needs valgrind.
set -euo pipefail
cd "$(dirname "$0")"
cargo build --quiet --release -p benches --bin lmtp -p bench-harness --bin sink --bin latency-proxy
program=${BENCH_TARGET:-target}/release/lmtp

instructions() { # instructions PROTOCOL COUNT
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" send "$1" "$2" 2>&1 | sed -n 's/.*Collected : //p'
}
each() { # each PROTOCOL: per message, from the difference of two runs
  echo $((($(instructions "$1" 200) - $(instructions "$1" 100)) / 100))
}
for protocol in smtp lmtp; do
  echo "$protocol: $("$program" rtt "$protocol" 10)"
done
smtp=$(each smtp)
lmtp=$(each lmtp)
echo "smtp: $smtp instructions per message"
echo "lmtp: $lmtp instructions per message, $((1000 * lmtp / smtp)) per mille"
