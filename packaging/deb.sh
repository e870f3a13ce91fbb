#!/usr/bin/env bash
# Builds the Debian package and prints its path. Needs cargo-deb: cargo install cargo-deb
set -euo pipefail
cd "$(dirname "$0")/.."

# One after the other, as each is also built alone by maturin and cargo install: what is built here serves there.
cargo build --quiet --release --package supervisord
cargo build --quiet --release --package supervisorctl
cargo deb --quiet --no-build --no-strip --package supervisord "$@"
