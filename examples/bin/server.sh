#!/bin/sh
# Stands for a server: tells with which arguments it was started, then writes a line from time to time. It opens no port.

# A request to stop is answered at once and told, as a server that finishes its requests would do.
trap 'echo "server: stopping"; kill "$pause"; exit 0' TERM

echo "server: started with ${*:-no arguments}"
while :; do
    sleep 10 &
    pause=$!
    wait "$pause"
    echo "server: $(date +%T) all is well" >&2
done
