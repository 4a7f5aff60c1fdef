#!/bin/sh
# What `make run` does, for people without make.
set -eu
cd "$(dirname "$0")"
"${PYTHON:-python3}" tools/install.py auto "$@"
exec .venv/bin/python -m tools.up "$@"
