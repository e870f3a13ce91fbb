#!/bin/sh
# in-environment.sh FOLDER COMMAND [ARGUMENT...]: makes the folder of the cache, tells what it found, and becomes the command.

folder=$1
shift
mkdir -p "${CACHE:?must be set}"
echo "environment: folder $folder, cache $CACHE"
exec "$@"
