#!/usr/bin/env bash
# Builds the Debian package and prints its path. Needs cargo-deb: cargo install cargo-deb
set -euo pipefail
cd "$(dirname "$0")/.."

cargo build --quiet --release --workspace --bins
cargo deb --quiet --no-build --no-strip --package supervisord "$@"
