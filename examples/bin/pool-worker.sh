#!/bin/sh
# pool-worker.sh NUMBER COUNT: takes those jobs whose number, divided by COUNT, leaves NUMBER.

job=$1
while sleep 2; do
    echo "worker $1 of $2: job $job done"
    job=$((job + $2))
done
