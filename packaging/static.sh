#!/usr/bin/env bash
# Builds the programs without any shared library, for containers, and prints their folder.
set -euo pipefail
cd "$(dirname "$0")/.."

target=$(rustc -vV | sed -n 's/^host: //p')
RUSTFLAGS="-C target-feature=+crt-static" cargo build --quiet --release --workspace --bins --target "$target"
echo "${CARGO_TARGET_DIR:-target}/$target/release"
