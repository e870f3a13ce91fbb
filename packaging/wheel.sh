#!/usr/bin/env bash
# Builds a Python wheel that puts the four programs on the PATH, and prints its path. Needs maturin: pip install maturin
set -euo pipefail
cd "$(dirname "$0")/.."

# maturin takes the programs of one package; that of the other is put beside them.
cargo build --quiet --release --package supervisorctl
scripts=target/wheel-data/scripts
mkdir -p "$scripts"
install -m 755 "${CARGO_TARGET_DIR:-target}/release/supervisorctl" "$scripts"
maturin build --quiet --release --out target/wheels "$@" >&2
ls -t target/wheels/*.whl | head -1
