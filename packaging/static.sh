#!/usr/bin/env bash
# Builds the programs without any shared library, for containers, and prints their folder: target/static.
set -euo pipefail
cd "$(dirname "$0")/.."

host=$(rustc -vV | sed -n 's/^host: //p')
export RUSTFLAGS="-C target-feature=+crt-static"
cargo build --quiet --release --target "$host" --package supervisord
cargo build --quiet --release --target "$host" --package supervisorctl
mkdir -p target/static
for program in supervisord supervisorctl echo_supervisord_conf pidproxy; do
    install -m 755 "${CARGO_TARGET_DIR:-target}/$host/release/$program" target/static
done
echo target/static
