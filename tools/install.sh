#!/usr/bin/env bash
# Installs packages into an environment: `install.sh ENVIRONMENT -r FILE ...`.
# uv takes seconds where pip takes minutes; where uv cannot be had, or does not know this machine's
# indexes, pip does it.
set -euo pipefail
python=$1/bin/python
shift
pip=("$python" -m pip --disable-pip-version-check install -q --no-compile)
if "${pip[@]}" uv==0.13.9 && "$python" -m uv pip install -q --python "$python" "$@"; then
  exit 0
fi
echo "uv did not manage; pip goes on" >&2
"${pip[@]}" "$@"
