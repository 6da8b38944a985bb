#!/usr/bin/env bash
# Prints tests/lesson/RESULTS.md: the four texts paragraph by paragraph, each with its command and output. program: tools/lesson.
set -euo pipefail
program=$1

text() { printf '\n## %s\n' "$1"; }
paragraph() { printf '\n**%s**%s\n' "$1" "${2:+ $2}"; }
run() {  # an experiment
  printf '\n```\n$ ./tools/lesson %s\n' "$1"
  "$program" $1
  printf '```\n'
}

cat <<'TEXT'
# The lesson, paragraph by paragraph

Four texts ask why deep networks are hard to train and what helps. The sections follow their paragraphs, in our words. Each section
has a command and its output. The program prints a sentence after "Seen:" only if the numbers confirm it. "Slip" marks a place where
a text is wrong or imprecise.

Written by `make lesson-results`. Equal seeds give equal numbers on every machine with fused multiply-add, processor times excepted.
`./tools/lesson all --report lesson.html` makes a page of these experiments with every chart; `--plot` draws the charts in the
terminal. Published figures are single random draws.
TEXT

text "Unstable gradients (Nielsen, *Neural Networks and Deep Learning*, chapter 5)"
paragraph 'Accuracy by depth.' 'Networks of 784-30-10 to 784-30-30-30-30-10: 50,000 images to train on, 10,000 to validate, mini-batches of 10, learning rate 0.1, lambda 5.0.'
run depth
paragraph 'Deep networks can do with fewer parameters than shallow ones.' 'Three tasks at equal numbers of parameters.'
run deeper
paragraph 'The speed of learning of a layer is the norm of its bias gradient.' 'At the start: sigmoids, weights N(0, 1/inputs), biases N(0, 1), cross-entropy of each output, the first 1000 training images. The last sentence measures 100 layers.'
run norms
paragraph 'During training later layers learn while early ones are stuck.' '500 steps of full-batch gradient descent on these images, learning rate 0.1, lambda 5.0.'
run training
paragraph 'Exploding gradients: early layers learn while later ones are stuck.' 'Weights ten times as large, tanh.'
run opposite
paragraph 'The slope of the logistic function peaks at 1/4.' 'The curves of every activation and its slope are on the page.'
run curves
paragraph 'One neuron per layer: dC/db1 is a product of weights and slopes.' 'The drawing is on the page.'
run chain
paragraph 'Large weights make the product grow.' 'Slip: not |w| above 1 but |w slope| above 1 counts, which needs |w| > 4 at best.'
run explode
paragraph 'Activation, initialization, optimizer and architecture together decide.' 'Recipes by depth.'
run cure

text 'Bounds on the gradient'
paragraph 'Deltas are products of slopes and transposed weights; two bounds follow.' 'With gamma the largest slope: |dC/db^l| <= gamma^(L-l+1) |W^(l+1)| ... |W^L| |a^L - y|. For sigmoid the bound shrinks with the distance from the output. For tanh gamma is 1 and the bound says nothing; the mean squared slope says more. The norm of a matrix equals that of its transpose.'
run factors
paragraph 'How loose is the bound?' 'For the quadratic cost, one image at a time.'
run bound

text 'Signals by layer (Glorot & Bengio 2010)'
paragraph 'Lower layers stay virtually unchanged.' 'How far training moves the weights.'
run updates
paragraph 'Logistic units with weights N(0, 1) saturate.' 'Slip: the variance does not grow layer by layer until the top saturates; the table shows five widths. The logistic function has mean 1/2, tanh 0, and `curves` shows its flat ends.'
run saturation
paragraph 'An initializer suits an activation if signals keep their size forward and backward.' 'standard is equation 1 of the paper, glorot its equation 16.'
run variance

text 'A lesson on optimization'
paragraph 'Mean squared error, one-hot targets; two outputs decide.' 'Digits 3 and 5.'
run decisions
paragraph 'Entropy of a source, cross-entropy of a wrong distribution, a worked example.' 'Slip: one of the worked values is 0.8025, not 0.62.'
run entropy
paragraph 'Online, mini-batch and full batch.' 'By epoch in the table; by processor time in a chart.'
run batches
paragraph 'Small random weights, normalized initialization.' 'The normalized bounds are +-sqrt(6 / (inputs + outputs)) (slip where a text has another). Small weights, N(0, 0.01^2), are rows of `cure`.'
paragraph 'Local minima, saddles, plateaus, valleys.' 'The loss around a trained network along two random directions scaled like its weights (Li et al. 2018), on the way between networks from other starts, and around the start of five sigmoid layers.'
run surface
paragraph 'A saddle delays training.' 'One linear neuron a layer: w1 = w2 = 0 is a saddle, and the more layers, the flatter the plateau around it. The paths are on the page.'
run saddle
paragraph 'Too high a rate oscillates in a valley; momentum dampens it.' 'The paths are on the page.'
run valley
paragraph 'Learning rates low, good, high, very high; the optimizers on a network.' ''
run rates
paragraph 'The rate of AdaGrad falls too early.' 'Rate divided by epsilon plus root of the sum of squares.'
run adagrad
paragraph 'RMSProp has the denominator of AdaGrad.' 'Epsilon outside the root is the default, inside is an option; [CONVENTIONS.md](../../src/textbook/CONVENTIONS.md) compares libraries.'
run optimizers
paragraph 'L2 and L1.' 'Slip: one text gives L1 a factor 1/2, which no library has. Fewer observations than features.'
run penalties
paragraph 'The validation loss turns while the training loss falls; early stopping.' 'For a network of your own: `./tools/train --early-stopping loss --plot`.'
run overfitting
paragraph 'Bagging.' 'Members of one shape and of several; for a network of your own: `./tools/train --ensemble 10`.'
run bagging
paragraph 'Dropout.' 'Too low, too high, a rate for each layer, an ensemble in disguise; for a network of your own: `./tools/train --hidden 800,800 --dropout 0.2,0.5`.'
run dropout
paragraph 'More layers may hurt; ReLU is the cure, and cheaper.' 'Slip: not alone, as `cure` shows: from 20 layers on ReLU needs the initializer of He, orthogonal weights or batch normalization. Times are of one machine.'
run cost
