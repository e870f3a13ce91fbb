#!/bin/sh
# An event listener that writes each event to the file events in its folder: the name, a blank, the payload.
echo READY
while read -r header; do
    event=${header##*eventname:}
    event=${event%% *}
    length=${header##*len:}
    printf '%s %s\n' "$event" "$(head -c "$length")" >>"$1/events"
    printf 'RESULT 2\nOKREADY\n'
done
