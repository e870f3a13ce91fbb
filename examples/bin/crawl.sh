#!/bin/sh
# Stands for a crawler: tells its arguments one a line, then appends a record to its file at each interval.

while [ $# -gt 0 ]; do
    case $1 in
        --filter) filter=$2; shift ;;
        --file) file=$2; shift ;;
        --interval) interval=$2; shift ;;
        --timeout) timeout=$2; shift ;;
        --*) echo "crawler: with ${1#--}" ;;
    esac
    shift
done
file=${file%TIMESTAMP*}$(date +%Y%m%d)${file#*TIMESTAMP}

echo "crawler: filter $filter"
echo "crawler: into $file for ${timeout:-0} s"
while :; do
    echo "{\"time\": $(date +%s), \"filter\": \"$filter\"}" >> "$file"
    sleep "${interval:-5}"
done
