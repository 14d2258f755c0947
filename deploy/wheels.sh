#!/bin/sh
# The wheels of aitia and of all that it needs, at the versions of constraints.txt, for the image: build/wheels.
#
#   sh deploy/wheels.sh [EXTRAS]
#
# Run it with the Python version and architecture of the image's base.
set -eu
cd "$(dirname "$0")/.."
extras=${1:-web,mcp,slack,postgres}
mkdir -p build/wheels
"${PYTHON:-python3}" -m pip wheel -q -c constraints.txt -w build/wheels ".[$extras]"
(cd build/wheels && sha256sum ./*.whl > SHA256SUMS)
echo "$(ls build/wheels/*.whl | wc -l) wheels in build/wheels"
