"""The bench's own program: reads the options, runs what was asked for, and counts."""

import argparse
import pathlib
import re
import shutil
import signal
import sys
import tempfile

import bridge
import clicks
import faults
import freepbx
import hostile
import page
import speed
from cases import ordinary, recipes, run_all, xivo
from processes import Bench

WAYS = ("agi", "fastagi", "system")


class Report:
    """A line a case, and the sums at the end."""

    def __init__(self, bench, words):
        self.bench, self.words = bench, words
        self.passed = self.failed = 0

    def wants(self, way, name):
        return all(word in f"{way}: {name}" for word in self.words)

    def add(self, way, name, found, to=None):
        if not found:
            self.passed += 1
            print(f"ok      {way}: {name}", flush=True)
            return
        self.failed += 1
        print(f"FAILED  {way}: {name}")
        for line in found:
            print(f"        {line}")
        for line in self._pbx_lines(to):
            print(f"        | {line}")
        sys.stdout.flush()

    def sums(self):
        """Says them, and returns the exit code."""
        print(f"{self.passed} passed, {self.failed} failed")
        return 1 if self.failed or not self.passed else 0

    def _pbx_lines(self, to):
        """What the PBX logged about the call of a number, as far as a person wants to read it."""
        lines = self.bench.pbx_log()
        first = next((line for line in lines if to and to in line), "")
        tag = re.search(r"\[C-[0-9a-f]+\]", first)
        kept = [line for line in lines if tag and tag.group() in line]
        return [line[:300] for line in kept[:60]]


def run_ordinary(bench, report, way):
    """The cases of one way, all at the same time."""
    cases = [case for case in [*ordinary(), *clicks.cases(), *xivo()] if report.wants(way, case.name)]
    for run in run_all(bench, cases):
        report.add(way, run.case.name, run.faults, run.case.to)


def run_freepbx(bench, report, way):
    """FreePBX's, which are as many again."""
    cases = [case for case in freepbx.cases() if report.wants(way, case.name)]
    for run in run_all(bench, cases):
        report.add(way, run.case.name, run.faults, run.case.to)


def run_recipes(bench, report, way):
    """The cookbook's, after the others: they share its phones and queues."""
    cases = [case for case in recipes() if report.wants(way, case.name)]
    for run in run_all(bench, cases):
        report.add(way, run.case.name, run.faults, run.case.to)


def main():
    parser = argparse.ArgumentParser(prog="tests/asterisk/run", description=__doc__)
    parser.add_argument("words", nargs="*", help="only cases whose line contains each of these")
    parser.add_argument("--keep", action="store_true", help="keep the logs, and say where")
    parser.add_argument("--speed", action="store_true", help="the speed table only, with many rounds")
    parser.add_argument("--freepbx-16", action="store_true", help="FreePBX's calls only, as FreePBX 16 has them")
    parser.add_argument("--asterisk", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--program", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=25060, help=argparse.SUPPRESS)
    options = parser.parse_args()

    def stop(*_):
        raise SystemExit(143)

    signal.signal(signal.SIGTERM, stop)
    logs = pathlib.Path(tempfile.mkdtemp(prefix="zammad-cti-asterisk-"))
    try:
        with Bench(options.asterisk, options.program, options.port, logs, options.freepbx_16) as bench:
            if options.freepbx_16:
                report = Report(bench, options.words)
                for way in WAYS:
                    bench.via(way)
                    run_freepbx(bench, report, way)
                return report.sums()
            if options.speed:
                speed.measure(bench, rounds=9)
                return 0
            report = Report(bench, options.words)
            for way in WAYS:
                bench.via(way)
                for part in (run_ordinary, run_freepbx, run_recipes, hostile.run, faults.run):
                    part(bench, report, way)
            bridge.run(bench, report)
            if report.wants("page", page.PAGE):
                page.run(options.asterisk, options.program, options.port, report)
            if not options.words:
                speed.measure(bench, rounds=3)
            return report.sums()
    finally:
        if options.keep:
            print(f"logs: {logs}")
        else:
            shutil.rmtree(logs)


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit(130)
