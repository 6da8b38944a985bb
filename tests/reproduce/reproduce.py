# SPDX-License-Identifier: MIT
"""Tests the textbook's lessons on MNIST: `make reproduce` writes RESULTS.md, `make reproduce TABLE=a` one of its tables.

Run from the root of the repository; arguments: the train program, and the letters of tables (all when none is given)."""
import itertools
import os
import pathlib
import re
import subprocess
import sys
import time

import measure
from measure import (Row, TEST_ACCURACY, TEST_LOSS, TRAINING_ACCURACY, TRAINING_LOSS, TUNING_SEEDS, Tuned, accuracy_after,
                     cell, claims, command, loss_after, rows_table, table, verdict)

RESULTS = pathlib.Path(__file__).with_name("RESULTS.md")

INTRODUCTION = f"""# The textbook's lessons, measured

Written by `make reproduce`; `make reproduce TABLE=a` renews one table. MNIST: the last 5,000 training images are held out for
validation, the test images are the usual 10,000.

Figures are mean ± standard deviation (n - 1) over the seeds {measure.SEEDS[0]} to {measure.SEEDS[-1]}.
A tuned option was walked from a start to a value whose neighbors score worse, by the mean over the seeds {TUNING_SEEDS[0]} to
{TUNING_SEEDS[-1]}; the last column of a table shows every value tried; a better one farther off may
have been missed. Verdicts compare two rows by Welch's t: beyond
{measure.SIGNIFICANT} (5 %, two-sided, for the fewest degrees of freedom that five seeds can leave) a claim holds or is
contradicted, below it no difference is seen. Of twenty comparisons without any difference, one is expected to look like one,
and how well a value was chosen is part of each difference."""


def series(first, last, steps):
    """first, first * steps[1], ..., 10 * first, ... up to last."""
    exponents = range(first, last + 1)
    return tuple(float(f"{step}e{exponent}") for exponent in exponents for step in steps)


RATES = series(-5, 1, (1, 2, 5))


def rate(start, rates=RATES):
    return Tuned("--learning-rate", rates, start)


def table_a():
    common = "--hidden 30 --epochs 5"
    metrics = [loss_after(1), loss_after(5), TRAINING_LOSS, TEST_ACCURACY]
    chosen_by = loss_after(5)
    starts = {"sgd": 0.5, "momentum": 0.05, "nesterov": 0.05, "adagrad": 0.05, "rmsprop": 0.002, "adam": 0.002,
              "adamw": 0.002, "nadam": 0.002}
    optimizers = measure.measure(common, [Row(name, f"--optimizer {name} --batch 100", rate(start))
                                          for name, start in starts.items()], chosen_by)
    batches = measure.measure(common, [
        Row("online", "--optimizer sgd --batch 1", rate(0.005)),
        Row("mini-batches of 10", "--optimizer sgd --batch 10", rate(0.05)),
        Row("mini-batches of 100", "--optimizer sgd --batch 100", rate(0.5)),
        Row("full batch", "--optimizer sgd --batch full", rate(0.2))], chosen_by)
    shares = {0.5: 0.2, 0.9: 0.05, 0.95: 0.02, 0.99: 0.005}
    momenta = measure.measure(common, [
        Row(f"{name} {share}", f"--optimizer {name} --momentum {share} --batch 100", rate(start))
        for share, start in shares.items() for name in ("momentum", "nesterov")], chosen_by)
    rates = {share: momenta[f"momentum {share}"].chosen for share in shares}
    momenta.update(measure.measure(common, [
        Row(f"nesterov {share}, momentum's rate",
            f"--optimizer nesterov --momentum {share} --batch 100 --learning-rate {rates[share]:g}")
        for share in shares], chosen_by))

    def compare(claim, rows, better, worse, metric=loss_after(5)):
        return verdict(claim, rows[better], rows[worse], metric)

    lessons = [compare(f"{name} beats plain gradient descent", optimizers, name, "sgd") for name in starts if name != "sgd"]
    lessons += [compare("Adam beats momentum", optimizers, "adam", "momentum")]
    sizes = list(batches)
    lessons += [compare(f"{better} against {worse}, epoch for epoch: the former is better", batches, better, worse, metric)
                for metric in (loss_after(1), loss_after(5)) for better, worse in zip(sizes, sizes[1:])]
    lessons += [compare(f"Nesterov beats momentum at {share}", momenta, f"nesterov {share}", f"momentum {share}", metric)
                for metric in (loss_after(1), loss_after(5)) for share in shares]
    lessons += [compare(f"Nesterov beats momentum at {share} with momentum's rate", momenta,
                        f"nesterov {share}, momentum's rate", f"momentum {share}", metric)
                for metric in (loss_after(1), loss_after(5)) for share in shares]
    everything = {**momenta, **optimizers}
    lessons += [compare(f"momentum {share} beats plain gradient descent", everything, f"momentum {share}", "sgd")
                for share in shares if share != 0.9]
    return f"""Optimizers, sizes of mini-batches and momentum on 784-30-10 (relu, softmax, cross-entropy). The rate of each row is
the one with the lowest validation loss after 5 epochs. The training loss is the mean over the last epoch, while the network
still changes.

{command(common)}

Optimizers:

{rows_table(optimizers, metrics, chosen_by)}

Online, mini-batch and full-batch learning (5 epochs of full-batch learning are 5 steps):

{rows_table(batches, metrics, chosen_by)}

Momentum and Nesterov momentum:

{rows_table(momenta, metrics, chosen_by)}

{claims(lessons)}"""


def table_b():
    common = "--hidden 100 --batch 10 --learning-rate 0.01 --epochs 40 --train-limit 1000"
    metrics = [TRAINING_ACCURACY, TEST_ACCURACY, TEST_LOSS]
    chosen_by = accuracy_after(40)
    # A cure to add: a row here, and what the lessons say of it below.
    rows = [
        Row("none", ""),
        Row("L1", "", Tuned("--l1", series(-6, -2, (1, 2, 5)), 0.0002)),
        Row("L2", "", Tuned("--l2", series(-5, -1, (1, 2, 5)), 0.002)),
        Row("dropout", "", Tuned("--dropout", [0.1, 0.2, 0.3, 0.5, 0.7], 0.5)),
        Row("input dropout", "", Tuned("--input-dropout", [0.05, 0.1, 0.2, 0.3, 0.5], 0.2)),
        Row("max-norm", "", Tuned("--max-norm", [0.5, 1, 2, 3, 4], 2)),
        Row("early stopping", "--early-stopping loss --stop-patience 5"),
        Row("bagging of 10", "--ensemble 10"),
        Row("dropout, max-norm", "--dropout 0.5 --max-norm 2"),
        Row("dropout, input dropout, L2", "--dropout 0.5 --input-dropout 0.2 --l2 0.002"),
        Row("dropout, bagging of 10", "--dropout 0.5 --ensemble 10"),
    ]
    results = measure.measure(common, rows, chosen_by)
    none, l1, l2 = results["none"], results["L1"], results["L2"]
    lessons = [
        verdict("dropout raises test accuracy", results["dropout"], none, TEST_ACCURACY),
        verdict("input dropout raises test accuracy", results["input dropout"], none, TEST_ACCURACY),
        verdict("max-norm raises test accuracy", results["max-norm"], none, TEST_ACCURACY),
        verdict("early stopping lowers the test loss", results["early stopping"], none, TEST_LOSS),
        verdict("bagging raises test accuracy", results["bagging of 10"], none, TEST_ACCURACY),
        verdict("bagging lowers the test loss", results["bagging of 10"], none, TEST_LOSS),
        verdict("dropout beats L2", results["dropout"], l2, TEST_ACCURACY),
        verdict("dropout, input dropout and L2 beat dropout alone", results["dropout, input dropout, L2"],
                results["dropout"], TEST_ACCURACY),
        verdict("dropout and bagging beat dropout alone", results["dropout, bagging of 10"], results["dropout"],
                TEST_ACCURACY),
        verdict("L1 raises test accuracy", l1, none, TEST_ACCURACY),
        verdict("L2 raises test accuracy", l2, none, TEST_ACCURACY),
        verdict("L1 lowers the test loss", l1, none, TEST_LOSS),
        verdict("L2 lowers the test loss", l2, none, TEST_LOSS),
        verdict("L2 beats L1", l2, l1, TEST_ACCURACY),
        verdict("L2 beats L1", l2, l1, TEST_LOSS),
    ]
    return f"""1,000 training images, 784-100-10 (relu, softmax, cross-entropy), momentum 0.9: overfitting and its cures. Training
accuracy is the mean over the last epoch, with dropout that of the thinned networks, with early stopping not that of the
epoch whose parameters are restored, with bagging the last member's on its bootstrap sample. The strength of each cure
that stands in the last column is the one with the best validation accuracy.

{command(common)}

{rows_table(results, metrics, chosen_by, "strength")}

{claims(lessons)}"""


def table_c():
    common = "--hidden 30,30,30,30,30 --optimizer sgd --batch 10 --epochs 3 --train-limit 10000"
    starts = ("gaussian", "gaussian --init-scale 0.01", "uniform", "lecun-normal", "glorot", "glorot-normal", "he",
              "he-uniform", "orthogonal")
    activations = ("sigmoid", "tanh", "relu", "leaky-relu", "elu", "selu", "gelu", "silu", "softplus")
    names = list(itertools.product(starts, activations))
    rates = series(-7, 1, (1, 3))
    # Deep sigmoid nets learn only at large rates, or not at all; a walk from a small one would end on the plateau.
    rate_starts = {"sigmoid": 1.0}
    chosen_by = loss_after(3)
    measured = measure.measure(common, [Row((start, activation), f"--init {start} --activation {activation}",
                                            rate(rate_starts.get(activation, 0.03), rates))
                                        for start, activation in names], chosen_by)

    def grid(text):
        return table([["--init", *activations]] + [[f"`{start}`", *(text(measured[start, one]) for one in activations)]
                                                   for start in starts])

    def compare(claim, better, worse):
        return verdict(claim, measured[better], measured[worse], TEST_ACCURACY)

    lessons = [compare(f"small weights beat N(0, 1): glorot, {one}", ("glorot", one), ("gaussian", one))
               for one in activations]
    lessons += [compare(f"too small is bad as well: glorot beats N(0, 0.01²), {one}", ("glorot", one),
                        ("gaussian --init-scale 0.01", one)) for one in activations]
    lessons += [compare(f"He beats Glorot for {one}", ("he", one), ("glorot-normal", one))
                for one in ("relu", "leaky-relu", "elu", "gelu", "silu")]
    lessons += [compare("Glorot beats He for tanh", ("glorot-normal", "tanh"), ("he", "tanh")),
                compare("LeCun beats He for selu", ("lecun-normal", "selu"), ("he", "selu"))]
    lessons += [compare(f"orthogonal beats Glorot for {one}", ("orthogonal", one), ("glorot", one))
                for one in ("tanh", "relu")]
    lessons += [compare(f"{one} beats sigmoid in a deep net, started with glorot", ("glorot", one), ("glorot", "sigmoid"))
                for one in activations if one != "sigmoid"]
    return f"""Initializers and activations on five hidden layers of 30, 10,000 training images, 3 epochs of plain gradient
descent. The rate of each cell is the one with the lowest validation loss. Calling every test image a 1 is right for 11.35 %.

{command(common + " --init ROW --activation COLUMN").replace("OPTIONS", "--learning-rate RATE")}

{TEST_ACCURACY.label.capitalize()}:

{grid(lambda one: cell(one, TEST_ACCURACY))}

RATE:

{grid(lambda one: f"{one.chosen:g}")}

{claims(lessons)}"""


def table_d():
    common = ("--hidden none --output-activation sigmoid --init lecun-normal --optimizer sgd --batch 10 --epochs 20"
              " --train-limit 1000")
    metrics = [accuracy_after(1), accuracy_after(5), accuracy_after(20)]
    chosen_by = accuracy_after(5)
    biases, losses = (0, 5, 10), ("quadratic", "sigmoid-cross-entropy")
    usual, own = {}, {}
    for loss in losses:
        for bias in biases:
            row = Row(f"{loss}, bias {bias}", f"--loss {loss} --bias-init {bias}", rate(0.5))
            own.update(measure.measure(common, [row], chosen_by))
        fixed = f"--learning-rate {own[f'{loss}, bias 0'].chosen:g}"
        usual.update(measure.measure(common, [Row(f"{loss}, bias {bias}", f"--loss {loss} --bias-init {bias} {fixed}")
                                              for bias in biases], chosen_by))

    def compare(claim, rows, better, worse, metric):
        return verdict(claim, rows[better], rows[worse], metric)

    first, second = losses[::-1]
    lessons = [compare(f"cross-entropy learns faster than quadratic from outputs with bias {bias}", usual,
                       f"{first}, bias {bias}", f"{second}, bias {bias}", metric) for bias in biases for metric in metrics]
    lessons += [compare(f"it still does when the rate is tuned for bias {bias}", own, f"{first}, bias {bias}",
                        f"{second}, bias {bias}", metric) for bias in biases[1:] for metric in metrics]
    lessons += [compare(f"a bias of 10 holds {loss} up, against 0", usual, f"{loss}, bias 0", f"{loss}, bias 10",
                        accuracy_after(20)) for loss in losses]
    return f"""Quadratic cost against cross-entropy (per output) when the outputs start saturated: 784-10, sigmoid outputs whose
biases start at 0, at 5 (outputs near 0.993, their slope 0.0066) or at 10 (0.99995, slope 0.000045), 1,000 training images, so
that an epoch is 100 steps.

{command(common)}

With the rate that is best from bias 0 (validation accuracy after 5 epochs):

{rows_table(usual, metrics, chosen_by)}

With the rate tuned for the very start:

{rows_table(own, metrics, chosen_by)}

{claims(lessons)}"""


TABLES = {
    "a": ("Optimizers", table_a),
    "b": ("Overfitting and its cures", table_b),
    "c": ("Initializers and activations", table_c),
    "d": ("Saturated outputs", table_d),
}


def numbers():
    """The arithmetic that the program computes with, in its own words."""
    output = subprocess.run([measure.train_program, "--hidden", "none", "--epochs", "1", "--train-limit", "10"],
                            capture_output=True, text=True, check=True).stdout
    return re.search(r"^numbers +(.*)", output, re.MULTILINE)[1]


def section(letter):
    title, tabulate = TABLES[letter]
    print(f"({letter}) {title}", file=sys.stderr)
    start, processor_start = time.monotonic(), os.times().children_user
    text = tabulate()
    seconds, processor_seconds = time.monotonic() - start, os.times().children_user - processor_start
    return (f"## ({letter}) {title}\n\n{text}\n\nRun time {seconds:.0f} s, {processor_seconds:.0f} s of processor time"
            f" ({numbers()}).\n")


def write(letter, text):
    """Puts a section into the file, whose other sections stay."""
    old = RESULTS.read_text() if RESULTS.exists() else ""
    sections = {part[4]: part.rstrip() + "\n" for part in re.split(r"^(?=## )", old, flags=re.MULTILINE)[1:]}
    sections[letter] = text
    RESULTS.write_text("\n".join([INTRODUCTION + "\n", *(sections[one] for one in TABLES if one in sections)]))


def main(program, *letters):
    measure.train_program = program
    if unknown := set(letters) - set(TABLES):
        sys.exit(f"TABLE={' '.join(sorted(unknown))}: there are the tables {' '.join(TABLES)}")
    for letter in letters or TABLES:
        text = section(letter)
        print(text)
        write(letter, text)


if __name__ == "__main__":
    main(*sys.argv[1:])
