#!/bin/sh
# crash-listener.sh FILE: an event listener. It says READY, is sent a line of words such as "eventname:PROCESS_STATE_EXITED len:75"
# and then so many bytes of payload, and answers with RESULT. stdout belongs to this protocol: everything else goes to stderr.

word() { # word NAME WORDS...: what stands behind NAME: in the words
    name=$1
    shift
    for pair in "$@"; do
        case $pair in "$name":*) echo "${pair#*:}" ;; esac
    done
}

while echo READY && read -r header; do
    event=$(word eventname $header)
    payload=$(head -c "$(word len $header)")
    if [ "$(word expected $payload)" != 1 ]; then
        echo "$(date '+%F %T') $(word groupname $payload):$(word processname $payload) $event" >> "$1"
    fi
    printf 'RESULT 2\nOK'
done
