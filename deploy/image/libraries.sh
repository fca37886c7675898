#!/bin/sh
# libraries.sh FOLDER light|cpu|cuda: makes the virtual environment FOLDER with the packages of one variant, as pinned.
# Run it from the root of the source, with `uv` and a Python of 3.11 or newer on the path.
set -eu
folder=$1
variant=$2
here=$(dirname "$0")
case $variant in
  light) kind=light torch= ;;
  cpu) kind=models torch=--torch-backend=cpu ;;
  # Without a choice torch's plain package is taken, which is built for CUDA.
  cuda) kind=models torch=${TORCH_BACKEND:+--torch-backend=$TORCH_BACKEND} ;;
  *) echo "libraries.sh: $variant is no variant: light, cpu or cuda." >&2; exit 2 ;;
esac
uv venv --quiet "$folder"
list=$(mktemp)
trap 'rm -f "$list"' EXIT
"$folder/bin/python" "$here/wanted.py" "$kind" < requirements.in > "$list"
# shellcheck disable=SC2086 # $torch is one word or none
uv pip install --quiet --python "$folder/bin/python" $torch -c requirements.txt -r "$list"
"$folder/bin/python" -m compileall -q -j 0 "$folder/lib" > /dev/null || true
