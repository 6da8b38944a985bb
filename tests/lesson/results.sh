#!/usr/bin/env bash
# Prints tests/lesson/RESULTS.md: the output of every experiment of the given tools/lesson, with its command.
set -euo pipefail
program=$1

section() {  # name, title, description
  printf '\n## %s\n\n%s\n\n```\n$ ./tools/lesson %s\n' "$2" "$3" "$1"
  "$program" "$1"
  printf '```\n'
}

cat <<'TEXT'
# The lesson

Written by `make lesson-results`; equal seeds give equal numbers on every machine with fused multiply-add. The
published figures are from Nielsen, *Neural Networks and Deep Learning*, chapter 5: one random draw each.
TEXT
section norms 'Speed of learning at the start' \
  'Sigmoids, weights N(0, 1/inputs), biases N(0, 1), cross-entropy of each output, the first 1000 training images.'
section training 'Speed of learning during training' \
  '500 steps of full-batch gradient descent on these images, learning rate 0.1, lambda 5.0.'
section depth 'Accuracy by depth' \
  '50,000 images to train on, 10,000 to validate, mini-batches of 10, learning rate 0.1, lambda 5.0.'
section variance 'Spread of signals' \
  'The figure of Glorot & Bengio 2010: an initializer suits an activation if signals keep their size both ways.
standard is their equation 1, glorot their equation 16.'
section explode 'Where gradients explode' \
  'Layer by layer the gradient is multiplied by weights and slopes. '
section bound 'Gradients against their bound' \
  'For the quadratic cost, ||dC/db^l|| <= gamma^(L-l+1) ||W^(l+1)|| ... ||W^L|| ||a^L - y||, one image at a time.'
section cure 'Recipes that train' \
  'Depth 1 to 50.'
