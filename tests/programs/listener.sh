#!/bin/sh
# An event listener: listener.sh FILE [ANSWER…]. It writes each header and body as a line to FILE, and answers with one word of ANSWER
# after the other, then with OK. A body must be of one byte per character.
file=$1
shift
printf 'READY\n'
while read -r header; do
    body=$(head -c "${header##*len:}" | tr '\n' '|')
    printf '%s %s\n' "$header" "$body" >>"$file"
    answer=${1:-OK}
    [ $# -gt 0 ] && shift
    printf 'RESULT %s\n%sREADY\n' "${#answer}" "$answer"
done
