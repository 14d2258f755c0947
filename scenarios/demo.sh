#!/usr/bin/env bash
# The main job on a bundled scenario: first by rules alone, then with the default model. Called by `make demo`.
set -euo pipefail
scenario=${1:-scenarios/connection-exhaustion}
model=qwen2.5-coder-0.5b
# A terminal of a fixed width where there is none.
export COLUMNS=${COLUMNS:-100}

printf '\n== 1/3  %s, diagnosed by rules alone (no model yet)\n\n' "$scenario"
aitia replay "$scenario" --model none --output /dev/null
aitia report last
plain=$(aitia report last --format json | python -c 'import json, sys; print(json.load(sys.stdin)["run"])')

printf '\n== 2/3  The model: llama.cpp from source (some minutes, once), then %s (491 MB, once)\n\n' "$model"
if ! python -c 'import llama_cpp' 2>/dev/null; then
  for tool in cc:gcc c++:g++ cmake:cmake; do
    command -v "${tool%%:*}" >/dev/null || { echo "error: install ${tool##*:} (Debian: apt-get install ${tool##*:}): llama.cpp is built with it" >&2; exit 2; }
  done
  python -m pip install -v -c constraints.txt -e '.[llm]' 2>&1 |
    sed -un 's/^ *\(\[[0-9]*\/[0-9]*\]\).*/  llama.cpp \1/p; s/^ *\(ERROR.*\)/\1/p; s/^ *\(Successfully installed.*\)/  \1/p' |
    awk '/llama.cpp/ { if (n++ % 20 == 0) print; fflush(); next } { print; fflush() }'
fi
aitia models fetch "$model"

printf '\n== 3/3  The same incident with the model: its sentences are printed only where the verifier let them pass\n\n'
aitia replay "$scenario" --model "$model" --output /dev/null
aitia report last

printf '\n== What the model added: without it, with it\n\n'
aitia report last --beside "$plain"
aitia report last --format json | python -c '
import json, sys

use = json.load(sys.stdin)["model"]
accepted = use["accepted"] + use["accepted_after_retry"]
print("\n{}: {} sentences accepted, {} replaced by the template".format(use["name"], accepted, use["replaced"]))
sys.exit(0 if use["name"] and accepted else "error: the model wrote no sentence that passed the verifier")
'
