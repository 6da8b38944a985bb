#!/usr/bin/env bash
# SPDX-License-Identifier: MIT
# Prints fingerprints of seeded two-epoch trainings for every way to build and run mote on this machine:
# compilers, optimization levels, instruction sets, threads, and aarch64 under emulation. Fails unless each arithmetic class
# has one fingerprint per training. Run by `make fingerprints`; argument: number of training images (default 500, which suits
# the emulator).
set -euo pipefail
unset MAKEFLAGS MFLAGS  # a nested make would complain of the outer -j
cd "$(dirname "$0")/.."
images=${1:-500}
folder=build/fingerprints
names=(W1 W2 W3 tanh identity nesterov adamw leaky elu selu gelu silu softplus dropout clipped ensemble batchnorm)
trainings=(
  "--hidden 30 --activation sigmoid --loss sigmoid-cross-entropy --optimizer sgd --learning-rate 0.5 --batch 10"
  "--hidden 128,64 --optimizer momentum --learning-rate 0.02 --batch 32"
  "--hidden 512,512 --optimizer adam --batch 128"
  "--hidden 100 --activation tanh --init glorot --batch 1 --optimizer sgd --learning-rate 0.01"
  "--hidden 50 --activation identity --loss quadratic --output-activation identity --batch full --learning-rate 0.01"
  "--hidden 30 --init orthogonal --optimizer nesterov --l1 1e-5 --schedule cosine --batch 16"
  "--hidden 30 --init he-uniform --optimizer adamw --schedule exponential --warmup 0.5 --batch 16"
  "--hidden 40,24 --activation leaky-relu --batch 16"
  "--hidden 40,24 --activation elu --batch 20"
  "--hidden 40,24 --activation selu --init scaled-gaussian --output-activation selu --loss quadratic --optimizer sgd --learning-rate 0.01 --batch 5"
  "--hidden 40,24 --activation gelu --optimizer adam --batch 50"
  "--hidden 40,24 --activation silu --batch 33"
  "--hidden 40,24 --activation softplus --output-activation softplus --loss quadratic --optimizer sgd --learning-rate 0.01 --batch 8"
  "--hidden 100,30 --dropout 0.5 --input-dropout 0.2 --max-norm 1 --batch 16"
  "--hidden 30 --activation tanh --clip-norm 0.5 --optimizer sgd --batch 16"
  "--hidden 20 --ensemble 2 --batch 16"
  "--hidden 30,20 --activation sigmoid --batch-norm --batch 16"
)
declare -A expected
failed=0

# row CLASS LABEL COMMAND...: runs all trainings and compares their fingerprints with earlier ones of the class.
row() {
  local class=$1 label=$2 line i print
  shift 2
  line=$(printf '%-9s %-32s' "$class" "$label")
  for i in "${!trainings[@]}"; do
    # shellcheck disable=SC2086
    print=$("$@" ${trainings[$i]} --epochs 2 --validation 0 --train-limit "$images" --data build/mnist --quiet | sed -n 's/parameters fingerprint //p')
    line+=" $print"
    if [ "${expected[$class,$i]:=$print}" != "$print" ]; then
      line+="(!)"
      failed=1
    fi
  done
  echo "$line"
}

has() { command -v "$1" >/dev/null; }

make -s all >/dev/null
printf '%-9s %-32s %s\n' class build "$(printf '%-9s' "${names[@]}")"
for compiler in g++ clang++; do
  has "$compiler" || { echo "$compiler is missing: apt-get install g++ clang"; continue; }
  for level in -O1 -O2 -O3; do
    build=$folder/$compiler$level
    make -s -j2 CXX="$compiler" OPTIMIZE="$level" BUILD="$build" "$build/tools/train" >/dev/null
    for set in baseline v3 v4; do
      "$build/tools/train" --isa "$set" --hidden none --epochs 1 --train-limit 10 --data build/mnist --quiet >/dev/null 2>&1 || continue
      class=$([ "$set" = baseline ] && echo separate || echo fused)
      for threads in 1 2; do
        row "$class" "$compiler $level $set, $threads thread(s)" "$build/tools/train" --isa "$set" --threads "$threads"
      done
    done
  done
done
build=$folder/separate
make -s -j2 ARITHMETIC=separate BUILD="$build" "$build/tools/train" >/dev/null
for set in baseline v3 v4; do
  "$build/tools/train" --isa "$set" --hidden none --epochs 1 --train-limit 10 --data build/mnist --quiet >/dev/null 2>&1 || continue
  row separate "ARITHMETIC=separate $set" "$build/tools/train" --isa "$set"
done
if has aarch64-linux-gnu-g++ && has qemu-aarch64; then
  for arithmetic in native separate; do
    build=$folder/aarch64-$arithmetic
    make -s -j2 CXX=aarch64-linux-gnu-g++ AR=aarch64-linux-gnu-ar LDFLAGS=-static ARITHMETIC=$arithmetic BUILD="$build" "$build/tools/train" >/dev/null
    row "$([ $arithmetic = native ] && echo fused || echo separate)" "aarch64 $arithmetic" qemu-aarch64 "$build/tools/train"
  done
else
  echo "aarch64 is left out: apt-get install g++-aarch64-linux-gnu qemu-user"
fi
[ $failed = 0 ] || { echo "fingerprints differ within a class, see (!)" >&2; exit 1; }
echo "one fingerprint per training in each class"
