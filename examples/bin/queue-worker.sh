#!/bin/sh
# Takes a job a second from a queue that it makes up, and crashes after 5 to 20 of them.

random=$(od -An -N1 -tu1 /dev/urandom)
left=$((5 + random % 16))

echo "queue worker: waiting for jobs"
while [ "$left" -gt 0 ]; do
    sleep 1
    left=$((left - 1))
    echo "queue worker: job done at $(date +%T)"
done
echo "queue worker: the queue is gone" >&2
exit 1
