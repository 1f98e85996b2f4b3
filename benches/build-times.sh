#!/bin/sh
# Clean release build of each client as a lone dependency: wall and CPU seconds
# with two jobs, and how many crates its tree has. One run each.
# Usage: ./build-times.sh [label...]
set -eu
w=$(mktemp -d); trap 'rm -r "$w"' EXIT
: "${BENCH_OUT:=$(dirname "$0")/out}"; mkdir -p "$BENCH_OUT"
smtp=$(cd "$(dirname "$0")/../smtp" && pwd)
: > "$BENCH_OUT/build.txt"
printf '%-28s %7s %7s %7s\n' client wall_s cpu_s crates | tee -a "$BENCH_OUT/build.txt"
one() { # label, dependency lines, further cargo build options
  label=$1; deps=$2; opts=${3:-}; shift 2
  if [ -n "${ONLY:-}" ] && ! echo " $ONLY " | grep -q " $label "; then return; fi
  d="$w/$label"; mkdir -p "$d/src"; : > "$d/src/lib.rs"
  printf '[package]\nname = "t"\nversion = "0.0.0"\nedition = "2021"\n[workspace]\n[dependencies]\n%b\n' "$deps" > "$d/Cargo.toml"
  (cd "$d" && cargo fetch -q)
  n=$(cd "$d" && cargo tree -q -e normal,build --prefix none --no-dedupe | sed 's/ (\*)$//' | sort -u | wc -l)
  t=$(cd "$d" && CARGO_BUILD_JOBS=2 CARGO_TARGET_DIR="$d/target" CARGO_NET_OFFLINE=true \
      bash -c 'TIMEFORMAT="%R %U %S"; time cargo build -q --release '"$opts"' >"'"$d"'/log" 2>&1 || touch "'"$d"'/failed"' 2>&1 | tail -1)
  if [ -e "$d/failed" ]; then
    printf '%-28s does not build: %s\n' "$label" "$(grep -A1 -m1 '^error' "$d/log" | tr '\n' ' ')" | tee -a "$BENCH_OUT/build.txt"
    return
  fi
  set -- $t
  printf '%-28s %7s %7s %7s\n' "$label" "$1" "$(awk "BEGIN{print $2+$3}")" "$((n - 1))" | tee -a "$BENCH_OUT/build.txt"
}
ONLY="$*"
one tokio-only 'tokio = { version = "1", features = ["rt", "net", "io-util", "time"] }'
one tokio+rustls-ring 'tokio = { version = "1", features = ["rt", "net", "io-util", "time"] }\ntokio-rustls = { version = "0.26", default-features = false, features = ["ring", "tls12"] }'
one tokio+rustls-ring+verifier 'tokio = { version = "1", features = ["rt", "net", "io-util", "time"] }\ntokio-rustls = { version = "0.26", default-features = false, features = ["ring", "tls12"] }\nrustls-platform-verifier = "0.7"'
one lettre-default 'lettre = "=0.11.23"'
one lettre-tokio-rustls-ring 'lettre = { version = "=0.11.23", default-features = false, features = ["smtp-transport", "pool", "hostname", "builder", "tokio1-rustls", "ring", "rustls-platform-verifier"] }'
one mail-send-default 'mail-send = "=0.7.0"'
one mail-send-ring-bare 'mail-send = { version = "=0.7.0", default-features = false, features = ["ring", "tls12"] }'
one async-smtp-default 'async-smtp = "=0.10.2"'
one ours-lean "smtp = { path = \"$smtp\", default-features = false, features = [\"ring\"] }"
one ours-default "smtp = { path = \"$smtp\" }"
