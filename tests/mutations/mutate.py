#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""How strong the tests are: changes one operator, constant, condition, statement or pair of arguments of src/ at a time,
and sees whether a test fails.

A mutant is killed when a test fails, crashes or never ends. One that does not compile, or that the compiler turns into
the same library, says nothing and is drawn anew.
The draw is the same for the same seed and sources. Prints a page in Markdown; run by `make mutations`.
"""
import argparse
import concurrent.futures
import os
import pathlib
import queue
import random
import re
import resource
import shutil
import subprocess
import sys

ROOT = pathlib.Path(__file__).resolve().parents[2]

# Narrow vectors compile and run fast enough for hundreds of builds, and the code is the same for all of them.
TESTS = "build/tests/mote_tests"
LIBRARY = "build/libmote.a"
FLAGS = ["DISPATCH=", "BUILDS=baseline", "SET_baseline=", "OPTIMIZE=-O1", "BUILD=build"]

NOTHING_SAID = ("does not compile", "same library")

# The layout that clang-format gives tells binary operators from pointers, references and template brackets.
CHANGES = [
    (r" \+ ", " - "), (r" - ", " + "), (r" \* ", " + "), (r" / ", " * "), (r" % ", " / "),
    (r" < ", " <= "), (r" <= ", " < "), (r" > ", " >= "), (r" >= ", " > "), (r" == ", " != "), (r" != ", " == "),
    (r" && ", " || "), (r" \|\| ", " && "), (r" \+= ", " -= "), (r" -= ", " += "),
    (r" & ", " | "), (r" \| ", " & "), (r" \^ ", " & "), (r" << ", " >> "), (r" >> ", " << "),
    (r"(?<=[( ])!(?=[a-z(])", ""), (r"\btrue\b", "false"), (r"\bfalse\b", "true"),
    (r"(?<![\w.])0(?![\w.])", "1"), (r"(?<![\w.])1(?![\w.])", "2"),
    (r"(?<![\w.])0\.0f", "1.0f"), (r"(?<![\w.])1\.0f", "2.0f"), (r"(?<![\w.])0\.5f", "0.25f"),
    # A statement left out: a call, or an assignment that declares nothing.
    (r"(?<=^)\s+(?:\w|::|\.|->)+\(.*\);$", ";"), (r"(?<=^)\s+(?:\w|\.|->|\[|\])+ [-+*|]?= [^;]*;$", ";"),
    # A condition dropped, a larger constant off by one, two arguments exchanged.
    (r"(?<=\bif \()[^();]+(?=\))", "true"), (r"(?<=\bif \()[^();]+(?=\))", "false"),
    (r"(?<![\w.])(?:[2-9]|[1-9]\d+)(?=[u;,) \]])", lambda m: str(int(m.group()) + 1)),
    (r"(?<=\()(\w+), (\w+)(?=[,)])", lambda m: f"{m.group(2)}, {m.group(1)}"),
]

# Long trainings, and tests of the build itself; what else fails is found without them.
LEFT_OUT = ["Bench.*", "Package*", "*Documents*", "MakeTargets*", "Gradients.*", "GradientsReport.*", "HiddenActivations*",
            "Install*", "CompilerOptions*", "Symbols*", "Structure*", "Readme*", "TrainPictures*", "*SurviveKills*",
            "*SmallSet*", "Amalgamation.*", "Examples.*", "ExportOfMnist.*", "Lesson*"]

# Lines that are not code of the library at run time, or that tests are built without.
SKIPPED = re.compile(r"^\s*(//|#|using |static_assert|namespace |template|MOTE_ASSERT|case )|operator<<")


def sites():
    """All (path, line number, column, old, new) that may change."""
    found = []
    for path in sorted((ROOT / "src").rglob("*")):
        if path.suffix not in (".cpp", ".hpp"):
            continue
        for number, line in enumerate(path.read_text().splitlines()):
            if SKIPPED.search(line):
                continue
            code = re.sub(r'"(\\.|[^"])*"|\'(\\.|[^\'])+\'', lambda m: "\0" * len(m.group()), line.split("//")[0])
            for pattern, new in CHANGES:
                for match in re.finditer(pattern, code):
                    changed = new(match) if callable(new) else new
                    if changed != match.group():
                        found.append((path.relative_to(ROOT), number, match.start(), match.group(), changed))
    return found


def limited():
    resource.setrlimit(resource.RLIMIT_AS, (8 << 30, 8 << 30))
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    os.nice(5)


def own_test(path):
    """The test of the concept that a source file is about, as make's TESTS names it, or None."""
    name = f"{path.parent.name}/{path.stem}"
    return name if (ROOT / "tests" / (name + "_test.cpp")).exists() else None


class Worker:
    """A copy of the project that one mutant at a time is built in."""

    def __init__(self, folder):
        self.folder = folder
        for name in ("src", "include", "tests", "tools", "Makefile", "README.md", "LICENSE", ".clang-format"):
            target = folder / name
            if target.is_dir():
                shutil.rmtree(target)
            copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy2
            if (ROOT / name).exists():
                folder.mkdir(parents=True, exist_ok=True)
                copy(ROOT / name, target)
        if not self.builds("all", TESTS):
            sys.exit("mutate.py: the project does not build as it is; see its make")
        self.unchanged = self.archive()
        if self.test(3600) is not None:
            sys.exit("mutate.py: tests fail without any mutation; see `make test`")

    def run(self, command, seconds, environment=None):
        """The exit status, or None when it did not end in time."""
        process = subprocess.Popen(command, cwd=self.folder, env=environment, stdout=subprocess.DEVNULL,
                                   stderr=subprocess.DEVNULL, preexec_fn=limited, start_new_session=True)
        try:
            return process.wait(seconds)
        except subprocess.TimeoutExpired:
            os.killpg(process.pid, 9)
            process.wait()
            return None

    def builds(self, *goals):
        """Whether make succeeds. It links the tests anew, since their list may be another."""
        (self.folder / "build" / "tests" / "mote_tests").unlink(missing_ok=True)
        return self.run(["make", "-s", *FLAGS, *goals], 3600) == 0

    def archive(self):
        return (self.folder / LIBRARY).read_bytes()

    def test(self, seconds):
        """How the tests that were built last failed, or None."""
        environment = dict(os.environ, MOTE_BUILD="build", MOTE_TOOLS="tools", MOTE_CXX=os.environ.get("CXX", "g++"))
        command = ["build/tests/mote_tests", "--gtest_brief=1", "--gtest_fail_fast",
                   "--gtest_filter=*-" + ":".join(LEFT_OUT)]
        status = self.run(command, seconds, environment)
        return None if status == 0 else "never ends" if status is None else "fails" if status == 1 else "crashes"

    def judge(self, site):
        """What became of a mutant: one of NOTHING_SAID, 'survives', or how it was killed."""
        path, number, column, old, new = site
        file = self.folder / path
        original = file.read_text()
        lines = original.splitlines(keepends=True)
        lines[number] = lines[number][:column] + new + lines[number][column + len(old):]
        file.write_text("".join(lines))
        try:
            if not self.builds(LIBRARY):
                return "does not compile"
            if self.archive() == self.unchanged:
                return "same library"
            own = own_test(path)
            if own:
                if not self.builds("TESTS=" + own, TESTS):
                    return "does not compile"
                killed = self.test(60)
                if killed:
                    return "own tests, " + killed
            if not self.builds("all", TESTS):  # the tools run while they are built: the data is verified
                return "build fails" if self.builds(TESTS) else "does not compile"
            killed = self.test(240)
            return "other tests, " + killed if killed else "survives"
        finally:
            file.write_text(original)


def explanations():
    """Why survivors are no faults, by path, line as it was and as it is: tests/mutations/explained.txt."""
    blocks = (ROOT / "tests" / "mutations" / "explained.txt").read_text().strip().split("\n\n")
    return {tuple(block.splitlines()[:3]): " ".join(block.splitlines()[3:]) for block in blocks}


def page(results, seed):
    known = explanations()
    survivors = []  # Markdown, and whether it is explained
    for (path, number, column, old, new), how in results:
        if how == "survives":
            text = (ROOT / path).read_text().splitlines()[number]
            mutated = (text[:column] + new + text[column + len(old):]).strip()
            why = (known.get((str(path), text.strip(), kind)) for kind in (mutated, "any change"))
            why = next(filter(None, why), "")
            survivors.append((f"- {path}:{number + 1}\n  - was: `{text.strip()}`\n  - is: `{mutated}`\n"
                              f"  - {why or 'not explained'}", why != ""))
    killed, explained = len(results) - len(survivors), sum(is_explained for _, is_explained in survivors)
    lines = ["# Mutations of src/", "", f"`make mutations MUTANTS={len(results)} SEED={seed}` printed this page.", "",
             f"{killed} of {len(results)} mutants were killed, {100 * killed / len(results):.1f} %. No test can kill "
             f"{explained} others, as explained below: {100 * killed / (len(results) - explained):.1f} % of the rest.", ""]
    counts = {}
    for _, how in results:
        counts[how] = counts.get(how, 0) + 1
    lines += ["| what became of it | mutants |", "|---|---:|"]
    lines += [f"| {how} | {count} |" for how, count in sorted(counts.items(), key=lambda item: -item[1])]
    return "\n".join([*lines, "", "## Survivors", "", *(text for text, _ in survivors)])


def main():
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--mutants", type=int, default=240)
    arguments.add_argument("--seed", type=int, default=1)
    arguments.add_argument("--jobs", type=int, default=os.cpu_count())
    arguments.add_argument("--folder", default=str(ROOT / "build" / "mutations"), help="where the copies are built")
    arguments.add_argument("--only", default="", help="files whose path contains this")
    options = arguments.parse_args()

    drawn = [site for site in sites() if options.only in str(site[0])]
    random.Random(options.seed).shuffle(drawn)
    print(f"{len(drawn)} places to mutate", file=sys.stderr)
    folder = pathlib.Path(options.folder)
    with concurrent.futures.ThreadPoolExecutor(options.jobs) as pool:
        idle = queue.Queue()
        for worker in pool.map(lambda i: Worker(folder / str(i)), range(options.jobs)):
            idle.put(worker)

        def judge(site):
            worker = idle.get()
            try:
                return site, worker.judge(site)
            finally:
                idle.put(worker)

        results, next_site = [], 0
        while len(results) < options.mutants and next_site < len(drawn):
            batch = drawn[next_site:next_site + options.mutants - len(results)]
            next_site += len(batch)
            for site, how in pool.map(judge, batch):
                print(f"{site[0]}:{site[1] + 1}: '{site[3]}' to '{site[4]}': {how}", file=sys.stderr, flush=True)
                if how not in NOTHING_SAID:
                    results.append((site, how))
    print(page(results, options.seed))


if __name__ == "__main__":
    main()
