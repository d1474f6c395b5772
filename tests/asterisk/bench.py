"""The bench's own program: reads the options, runs what was asked for, and counts."""

import argparse
import concurrent.futures
import json
import pathlib
import re
import shutil
import signal
import subprocess
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
# What has Asterisks of its own, the longest first; as many of them at a time as there are lanes.
PARTS = ("bridge", *WAYS, "page")
LANES = 2
# From the ports of one lane to those of the next.
PORTS = 3000


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
        lines = [f"FAILED  {way}: {name}"]
        lines += [f"        {line}" for line in found]
        lines += [f"        | {line}" for line in self._pbx_lines(to)]
        # In one piece, as another lane prints too.
        print("\n".join(lines), flush=True)

    def _pbx_lines(self, to):
        """What the PBX logged about the call of a number, as far as a person wants to read it."""
        lines = self.bench.pbx_log() if to else []
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


def run_part(options, logs):
    """One part, in this process; its sums are the last line."""
    if options.part == "page":
        report = Report(None, options.words)
        if report.wants("page", page.PAGE):
            page.run(options.asterisk, options.program, options.port, report)
    else:
        with Bench(options.asterisk, options.program, options.port, logs, options.freepbx_16) as bench:
            report = Report(bench, options.words)
            if options.part == "bridge":
                bridge.run(bench, report)
            else:
                bench.via(options.part)
                parts = [run_ordinary, run_freepbx, run_recipes, hostile.run, faults.run]
                for run in [run_freepbx] if options.freepbx_16 else parts:
                    run(bench, report, options.part)
    print(json.dumps([report.passed, report.failed]), flush=True)


class Lanes:
    """Runs each part as a program of its own, some at a time, and passes on what they print."""

    def __init__(self, options, logs):
        self.options, self.logs = options, logs
        self.free = [options.port + PORTS * lane for lane in range(LANES)]
        self.running = []

    def run(self, parts):
        """Returns the exit code."""
        with concurrent.futures.ThreadPoolExecutor(LANES) as lanes:
            jobs = [lanes.submit(self._run, part) for part in parts]
            try:
                sums = [job.result() for job in jobs]
            except BaseException:
                for job in jobs:
                    job.cancel()
                for process in self.running:
                    process.terminate()
                raise
        passed, failed = (sum(column) for column in zip(*sums))
        print(f"{passed} passed, {failed} failed")
        return 1 if failed or not passed else 0

    def _run(self, part):
        port = self.free.pop()
        logs = self.logs / part
        logs.mkdir()
        process = subprocess.Popen(
            [sys.executable, __file__, *sys.argv[1:], "--part", part, "--port", str(port), "--logs", logs],
            stdout=subprocess.PIPE, text=True, errors="replace", start_new_session=True)
        self.running.append(process)
        last = "[0, 1]"
        for line in process.stdout:
            if line.startswith("["):
                last = line
            else:
                print(line, end="", flush=True)
        if process.wait():
            print(f"FAILED  {part}: it ended with {process.returncode}")
            last = "[0, 1]"
        self.running.remove(process)
        self.free.append(port)
        return json.loads(last)


def main():
    parser = argparse.ArgumentParser(prog="tests/asterisk/run", description=__doc__)
    parser.add_argument("words", nargs="*", help="only cases whose line contains each of these")
    parser.add_argument("--keep", action="store_true", help="keep the logs, and say where")
    parser.add_argument("--speed", action="store_true", help="the speed table only, with many rounds")
    parser.add_argument("--freepbx-16", action="store_true", help="FreePBX's calls only, as FreePBX 16 has them")
    parser.add_argument("--asterisk", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--program", type=pathlib.Path, required=True, help=argparse.SUPPRESS)
    parser.add_argument("--port", type=int, default=25060, help=argparse.SUPPRESS)
    parser.add_argument("--part", choices=PARTS, help=argparse.SUPPRESS)
    parser.add_argument("--logs", type=pathlib.Path, help=argparse.SUPPRESS)
    options = parser.parse_args()

    def stop(*_):
        raise SystemExit(143)

    signal.signal(signal.SIGTERM, stop)
    if options.part:
        return run_part(options, options.logs)
    logs = pathlib.Path(tempfile.mkdtemp(prefix="zammad-cti-asterisk-"))
    try:
        code = 0
        if not options.speed:
            code = Lanes(options, logs).run(WAYS if options.freepbx_16 else PARTS)
        if options.speed or not (options.words or options.freepbx_16):
            with Bench(options.asterisk, options.program, options.port, logs) as bench:
                speed.measure(bench, rounds=9 if options.speed else 3)
        return code
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
