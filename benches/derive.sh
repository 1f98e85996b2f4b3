#!/usr/bin/env bash
# Seconds that deriving 50 commands adds to a clean debug build of a crate that already builds smtp.
set -euo pipefail
cd "$(dirname "$0")"
work=target/derive
rm -rf "$work"
mkdir -p "$work/src"
cat >"$work/Cargo.toml" <<TOML
[package]
name = "fifty"
version = "0.1.0"
edition = "2024"
[workspace]
[dependencies]
smtp = { path = "../../../smtp", default-features = false, features = ["tokio"] }
TOML
empty() { echo '//! Nothing.' >"$work/src/lib.rs"; }
fifty() {
  echo '//! Fifty commands.' >"$work/src/lib.rs"
  for n in $(seq 50); do
    cat <<RUST
/// A command.
#[derive(smtp::SmtpCommand)]
#[smtp(verb = "X-$n", requires = "X-$n", accepts(250, 251), valid_in(Home, InTransaction))]
pub struct C$n {
    /// An argument.
    pub one: String,
    /// A parameter.
    #[smtp(param = "TWO", xtext)]
    pub two: Option<String>,
    /// A flag.
    #[smtp(flag = "THREE")]
    pub three: bool,
}
RUST
  done >>"$work/src/lib.rs"
}
build() { # seconds of building this crate alone
  cargo clean --quiet --manifest-path "$work/Cargo.toml" --package fifty
  local began ended
  began=$(date +%s.%N)
  cargo build --quiet --manifest-path "$work/Cargo.toml"
  ended=$(date +%s.%N)
  echo "$ended - $began" | bc
}
median() { printf '%s\n' "$@" | sort -n | sed -n 3p; }
empty
build >/dev/null
without=() with=()
export CARGO_INCREMENTAL=0 # a clean build: nothing of the last one is used
for _ in 1 2 3 4 5; do
  empty; without+=("$(build)")
  fifty; with+=("$(build)")
done
echo "seconds: without $(median "${without[@]}"), with 50 commands $(median "${with[@]}"), added $(echo "$(median "${with[@]}") - $(median "${without[@]}")" | bc) (less than 2)"
