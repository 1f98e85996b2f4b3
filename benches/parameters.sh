#!/usr/bin/env bash
# Instructions that each parameter of MAIL and RCPT adds to a delivery of 2 KiB. Needs valgrind.
set -euo pipefail
cd "$(dirname "$0")"
cargo build --quiet --release --bin parameters
program=target/release/parameters

instructions() { # instructions NAME COUNT
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 | sed -n 's/.*Collected : //p'
}
each() { # each NAME: per message, from the difference of two runs
  echo $((($(instructions "$1" 2000) - $(instructions "$1" 1000)) / 1000))
}
none=$(each none)
echo "none: $none instructions per message"
"$program" list | while read -r name; do
  [ "$name" = none ] || echo "$name: $(($(each "$name") - none)) more"
done
