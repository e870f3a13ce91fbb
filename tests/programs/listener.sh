#!/bin/sh
# An event listener: writes each event to the file $2 in the folder $1, the header, the payload and a line with a dot. While there
# is a file $2.hold it does not answer. Its answer is OK, or the text of the file $2.answer.
echo READY
while read -r header; do
    {
        printf '%s\n' "$header"
        head -c "${header##*len:}"
        printf '\n.\n'
    } >>"$1/$2"
    while [ -e "$1/$2.hold" ]; do sleep 0.02; done
    # What is rejected comes again at once: without a pause the log would grow faster than it is read.
    if [ -e "$1/$2.answer" ]; then sleep 0.1; fi
    cat "$1/$2.answer" 2>/dev/null || printf 'RESULT 2\nOK'
    echo READY
done
