# SPDX-License-Identifier: MIT
"""Runs tools/train over seeds, chooses its hyper-parameters, and turns what it prints into markdown."""
import concurrent.futures
import csv
import functools
import math
import os
import re
import statistics
import subprocess
import sys
import tempfile
from typing import Callable, NamedTuple, Optional

SEEDS = (1, 2, 3, 4, 5)
TUNING_SEEDS = (101, 102, 103)  # never tabulated, so that no row is chosen for its luck
# Welch's t of two groups of five has 4 to 8 degrees of freedom; with 4, its two-sided 5 % point is 2.78.
SIGNIFICANT = 2.78

train_program = "tools/train"
pool = concurrent.futures.ThreadPoolExecutor(os.cpu_count())  # of waiters for as many trainings


class Run(NamedTuple):
    epochs: list  # of the log's lines, each a dict from column to float
    test_loss: float
    test_accuracy: float


class Metric(NamedTuple):
    label: str
    of: Callable[[Run], float]
    digits: int
    lower_is_better: bool


class Tuned(NamedTuple):
    """An option whose value is to be chosen from ascending `values`, looked for from `start` on."""
    option: str
    values: tuple
    start: float


class Row(NamedTuple):
    name: str
    options: str
    tuned: Optional[Tuned] = None


class Measured(NamedTuple):
    options: str
    tried: dict  # from value of the tuned option to mean score
    chosen: Optional[float]
    runs: list  # one a seed; None where training diverged

    def values(self, metric):
        return [metric.of(run) for run in self.runs if run is not None]


def loss_after(epoch):
    return Metric(f"validation loss after {epochs(epoch)}", lambda run: run.epochs[epoch - 1]["validation_loss"], 4, True)


def accuracy_after(epoch):
    return Metric(f"validation accuracy after {epochs(epoch)}, %",
                  lambda run: 100 * run.epochs[min(epoch, len(run.epochs)) - 1]["validation_accuracy"], 2, False)


def epochs(count):
    return "1 epoch" if count == 1 else f"{count} epochs"


TRAINING_LOSS = Metric("training loss, last epoch", lambda run: run.epochs[-1]["train_loss"], 4, True)
TRAINING_ACCURACY = Metric("training accuracy, %", lambda run: 100 * run.epochs[-1]["train_accuracy"], 2, False)
TEST_LOSS = Metric("test loss", lambda run: run.test_loss, 4, True)
TEST_ACCURACY = Metric("test accuracy, %", lambda run: 100 * run.test_accuracy, 2, False)


@functools.cache
def run(options, seed):
    """One training; None where it diverged."""
    with tempfile.TemporaryDirectory() as folder:
        log = os.path.join(folder, "log.csv")
        command = [train_program, "--quiet", "--log", log, *options.split(), "--seed", str(seed)]
        result = subprocess.run(command, capture_output=True, text=True)
        if result.returncode == 1 and "diverged" in result.stderr:
            return None
        if result.returncode != 0:
            sys.exit(" ".join(command) + "\n" + result.stderr)
        with open(log, newline="") as lines:
            log_lines = [{column: float(value) for column, value in line.items() if value} for line in csv.DictReader(lines)]
    loss, accuracy = (float(re.search(rf"^test {what} (\S+)", result.stdout, re.MULTILINE)[1])
                      for what in ("loss", "accuracy"))
    return Run(log_lines, loss, accuracy)


def runs(options, seeds):
    return list(pool.map(lambda seed: run(options, seed), seeds))


def tune(options, tuned, metric):
    """Walks from `start` to a value whose neighbors score worse; returns it and all that was tried."""
    tried = {}

    def score(index):
        if not 0 <= index < len(tuned.values):
            return math.inf
        value = tuned.values[index]
        if value not in tried:
            values = [metric.of(one) if one else math.nan for one in runs(f"{options} {tuned.option} {value:g}", TUNING_SEEDS)]
            tried[value] = statistics.fmean(values)
        mean = tried[value]
        return math.inf if math.isnan(mean) else mean if metric.lower_is_better else -mean

    best = tuned.values.index(tuned.start)
    while score(best) == math.inf and best > 0:
        best -= 1
    for step in (-1, 1):
        while score(best + step) < score(best):
            best += step
    return tuned.values[best], dict(sorted(tried.items()))


def measure(common, rows, metric):
    """A dict from each row's name to what was measured, its tuned option chosen by `metric`."""
    results = {}
    for row in rows:
        options, chosen, tried = f"{common} {row.options}".strip(), None, {}
        if row.tuned:
            chosen, tried = tune(options, row.tuned, metric)
            options += f" {row.tuned.option} {chosen:g}"
        results[row.name] = Measured(options[len(common):].strip(), tried, chosen, runs(options, SEEDS))
        name = row.name if isinstance(row.name, str) else " ".join(row.name)
        print(f"  {name}: {cell(results[row.name], metric)}", file=sys.stderr)
    return results


def cell(measured, metric):
    values = measured.values(metric)
    diverged = len(measured.runs) - len(values)
    if diverged:
        return f"{diverged} of {len(measured.runs)} diverged"
    return f"{statistics.fmean(values):.{metric.digits}f} ± {statistics.stdev(values):.{metric.digits}f}"


def table(lines):
    """Markdown of a list of rows, the first being the heading."""
    text = [f"| {' | '.join(line)} |" for line in lines]
    return "\n".join([text[0], "|" + "---|" * len(lines[0]), *text[1:]])


def tried_cell(measured, metric):
    scores = [f"{value:g}: {'diverged' if math.isnan(mean) else f'{mean:.{metric.digits}f}'}"
              for value, mean in measured.tried.items()]
    return ", ".join(scores) or "-"


def rows_table(results, metrics, chosen_by, what="rate"):
    """A line for each row; the last column, what was tried, only where something was."""
    heading = ["", "OPTIONS", *(metric.label for metric in metrics), f"{what} tried: {chosen_by.label}"]
    lines = [[name, f"`{one.options}`" if one.options else "-", *(cell(one, metric) for metric in metrics),
              tried_cell(one, chosen_by)] for name, one in results.items()]
    columns = len(heading) if any(one.tried for one in results.values()) else len(heading) - 1
    return table([line[:columns] for line in [heading, *lines]])


def verdict(claim, better, worse, metric):
    """A line of `claims`: is `better` better than `worse`?"""
    first, second = better.values(metric), worse.values(metric)
    figures = f"{cell(better, metric)} against {cell(worse, metric)}"
    if len(first) < len(SEEDS) or len(second) < len(SEEDS):
        return [claim, metric.label, figures, "no comparison"]
    gain = statistics.fmean(second) - statistics.fmean(first)
    gain = gain if metric.lower_is_better else -gain
    error = math.sqrt(statistics.variance(first) / len(first) + statistics.variance(second) / len(second))
    t = gain / error if error > 0 else math.copysign(math.inf, gain) if gain else 0.0
    answer = "holds" if t > SIGNIFICANT else "**contradicted**" if t < -SIGNIFICANT else "no difference seen"
    return [claim, metric.label, figures, f"{answer} (t = {t:.1f})".replace("-0.0", "0.0")]


def claims(lines):
    return table([["claim", "measured by", "means and deviations", "verdict"], *lines])


def command(common):
    seeds = " ".join(map(str, SEEDS))
    return (f"    for seed in {seeds}; do ./tools/train --quiet --log log.csv \\\n"
            f"        {common} \\\n        OPTIONS --seed $seed; done")
