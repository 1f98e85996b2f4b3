#!/usr/bin/env bash
# Instructions and allocations per encoded MAIL, derived and written by hand. Needs valgrind.
set -euo pipefail
cd "$(dirname "$0")"
cargo build --quiet --release --bin encode
program=target/release/encode

instructions() { # instructions KIND COUNT
  valgrind --tool=callgrind --callgrind-out-file=/dev/null "$program" "$1" "$2" 2>&1 | sed -n 's/.*Collected : //p'
}
blocks() { # blocks KIND COUNT
  valgrind --tool=dhat --dhat-out-file=/dev/null "$program" "$1" "$2" 2>&1 | sed -n 's/.*Total: .* in \([0-9,]*\) blocks/\1/p' | tr -d ,
}
each() { # each MEASURE KIND: per command, from the difference of two runs
  local short long
  short=$("$1" "$2" 1000)
  long=$("$1" "$2" 2000)
  echo "scale=3; ($long - $short) / 1000" | bc
}
written=$(each instructions written)
derived=$(each instructions derived)
echo "instructions: written $written, derived $derived, ratio $(echo "scale=4; $derived / $written" | bc) (at most 1.05)"
echo "allocations:  written $(each blocks written), derived $(each blocks derived) (none)"
