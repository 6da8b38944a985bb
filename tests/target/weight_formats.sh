#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Trains three networks on MNIST, exports each with weights of 32, 16 and 8 bits and in integers, and prints bytes of
# flash and accuracy on all test images. Fails where a format changes it by more than 0.3 points. Run by
# `make weight-formats`; argument: the build's train.
set -euo pipefail
cd "$(dirname "$0")/../.."
train=$1
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
failed=0

# row NAME OPTIONS...
row() {
  local name=$1 format line correct first=
  shift
  "$train" "$@" --quiet --save "$folder/model.safetensors" >/dev/null
  line="| $name |"
  for format in float32 float16 int8 integer; do
    exported=$("$train" --load "$folder/model.safetensors" --evaluate --export-weights $format --export-header "$folder/model.hpp" | grep ' bytes of ')
    correct=$(sed 's|.*(\([0-9]*\)/10000).*|\1|' <<<"$exported")
    line+=" $(sed 's|.*: \([0-9]*\) bytes.*|\1|' <<<"$exported") bytes, $(sed 's|.*accuracy \([0-9.]*\) .*|\1|' <<<"$exported") |"
    [ "${first:=$correct}" -ge $((correct - 30)) ] && [ "$first" -le $((correct + 30)) ] || failed=1
  done
  echo "$line"
}

echo '| network | float32 | float16 | int8 | integer |'
echo '|---|---|---|---|---|'
row '784-30-10, sigmoid' --hidden 30 --activation sigmoid --init scaled-gaussian --epochs 5
row '784-256-10, relu'
row '784-100-50-10, tanh, batch normalization' --hidden 100,50 --activation tanh --batch-norm --epochs 5
[ $failed = 0 ] || { echo 'more than 0.3 points lost' >&2; exit 1; }
