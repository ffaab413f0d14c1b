#!/bin/sh
# Build the image from the repository's root, and convert models of the folder that this is run in:
#
#     examples/ci/docker.sh batch batch.toml
set -eu
if ! docker info > /dev/null 2>&1; then
    echo "docker does not run here" >&2
    exit 69
fi
root="$(cd "$(dirname "$0")/../.." && pwd)"
docker build --quiet --tag mgeconvert "$root"
docker run --rm --network none --user "$(id -u):$(id -g)" --volume "$PWD:/work" mgeconvert "$@"
