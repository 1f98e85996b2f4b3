# A recipe per step of .ci/run, which has the commands, and the heavier checks, which are run by hand.

_default:
  @just --list --unsorted

# All that a change must pass
ci:
  .ci/run

# Installs the real servers that tests talk to (Debian, as root)
servers:
  .ci/run servers

# rustfmt
format:
  .ci/run format

# clippy on everything, with the oldest Rust that is promised in mind
lint:
  .ci/run lint

# All tests, with long streams and many random sessions
test:
  .ci/run test

# Each example, with its own server
examples:
  .ci/run examples

# Every combination of features that makes sense
features:
  .ci/run features

# Logins with a Kerberos ticket, with the libraries and servers that it takes
gssapi:
  .ci/run gssapi

# No dependency needs a newer Rust than we promise
msrv:
  .ci/run msrv

# The documentation, with all features
docs:
  .ci/run docs

# What would be published
publish:
  .ci/run publish

# Our own programs of the benchmarks
benches:
  .ci/run benches

# The fuzz targets compile
fuzz:
  .ci/run fuzz

# How much memory a large message takes
memory:
  .ci/run memory

# Licences, bans and sources of dependencies, without the database of advisories, which is online (cargo install cargo-deny)
deny:
  cargo deny check bans licenses sources

# The database of advisories as well
deny-advisories:
  cargo deny check advisories

# The oldest versions of our direct dependencies that the manifests allow (nightly)
minimal-versions: _nightly
  #!/usr/bin/env bash
  set -euo pipefail
  # In a copy: the lock file of the tree stays as it is.
  copy=$(mktemp -d); trap 'rm -rf "$copy"' EXIT
  git ls-files -z | xargs -0 cp --parents --no-dereference -t "$copy"
  cd "$copy"
  cargo +nightly -Z direct-minimal-versions generate-lockfile
  CARGO_TARGET_DIR={{justfile_directory()}}/target/minimal cargo +nightly check -p typed-smtp -p smtp-derive -p smtp-grammar -p smtp-pool --features "$(.ci/run --features)"

# The public interface against the last published version (cargo install cargo-semver-checks)
semver-checks:
  cargo semver-checks -p typed-smtp -p smtp-derive -p smtp-grammar -p smtp-pool

# Which changed lines no test notices, in the package PACKAGE (cargo install cargo-mutants)
mutants PACKAGE="smtp-grammar":
  cargo mutants --package {{PACKAGE}}

# Fuzzing, SECONDS for each target (cargo install cargo-fuzz)
fuzz-long SECONDS="3600":
  fuzz/run.sh {{SECONDS}}

# Spelling (cargo install typos-cli)
typos:
  typos smtp/src smtp-derive/src smtp-grammar/src smtp-pool/src README.md ARCHITECTURE.md CONTRIBUTING.md

# What would be published, built from the packages as they would be
publish-verify:
  cargo publish --workspace --dry-run --allow-dirty

_nightly:
  @cargo +nightly --version >/dev/null 2>&1 || { echo "this recipe needs a nightly compiler: rustup toolchain install nightly" >&2; exit 1; }
