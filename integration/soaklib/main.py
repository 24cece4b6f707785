# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line: many runs, each a process of its own, one line for each and a JSON object at the end."""
import argparse
import json
import random
import signal
import subprocess
import sys
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Sequence

from lablib.cli import find_binaries
from lablib.errors import LabError

from soaklib import run as one_run
from soaklib.plan import plan

PROGRAM = str(Path(__file__).resolve().parents[1] / "soak")
MORE_SECONDS = 400.0  # that a run may take beyond its faults: up, signed, at rest, judged, down


class Runs:
    """The runs that are under way, so that an interrupt ends them all."""

    def __init__(self, seconds: float, binaries: str, keep: bool, hurried: bool) -> None:
        self._options = ["--seconds", str(seconds), "--bin", binaries, *(["--keep"] if keep else []),
                         *(["--hurried"] if hurried else [])]
        self._patience = seconds + MORE_SECONDS
        self._processes: "set[subprocess.Popen[str]]" = set()
        self._ended = False

    def live(self, seed: int) -> dict[str, Any]:
        if self._ended:
            return _lost(seed, "not begun")
        process = subprocess.Popen([sys.executable, PROGRAM, "--one", str(seed), *self._options], text=True,
                                   stdout=subprocess.PIPE, start_new_session=True)
        self._processes.add(process)
        try:
            text, _ = process.communicate(timeout=self._patience)
        except subprocess.TimeoutExpired:
            process.terminate()
            text, _ = process.communicate()
        self._processes.discard(process)
        lines = text.splitlines()
        return dict(json.loads(lines[-1])) if lines else _lost(seed, f"ended with status {process.returncode}")

    def end(self) -> None:
        self._ended = True
        for process in list(self._processes):
            process.terminate()


def _lost(seed: int, why: str) -> dict[str, Any]:
    return {"seed": seed, "failure": why, "well": False}


def _line(number: int, result: dict[str, Any]) -> str:
    if failure := result.get("failure"):
        return f"run {number:3} seed {result['seed']}: FAILED: {failure}; {result.get('dir', '')}"
    faults = ", ".join(f"{kind} {count}" for kind, count in sorted(result["faults"].items()))
    rolls = ", ".join(f"{role} {count}" for role, count in sorted(result["rollovers"].items()))
    resolvers = result["resolvers"]
    rest = f"NOT AT REST: {result['missing']}" if result["missing"] else f"at rest after {result['rest_seconds']} s"
    text = (f"run {number:3} seed {result['seed']}: {result['seconds']:.0f} s; faults: {faults}; rolled: {rolls}; {result['judge']};"
            f" resolvers: {resolvers['validated']} validated, {len(result['resolver_findings'])} bogus; {rest}")
    details = [f"\n    {finding}" for finding in [*result["findings"], *result["only_to_parents"][:1], *result["resolver_findings"][:5]]]
    return text + "".join(details) + ("" if result["well"] else f"\n    logs and history: {result['dir']}")


def _summary(results: list[dict[str, Any]], options: argparse.Namespace, seconds: float) -> dict[str, Any]:
    done = [result for result in results if not result.get("failure")]
    faults: Counter[str] = Counter()
    rollovers: Counter[str] = Counter()
    for result in done:
        faults.update(result["faults"])
        rollovers.update(result["rollovers"])
    return {"runs": len(results), "seconds_each": options.seconds, "seed": options.seed,
            "failed": len(results) - len(done),
            "bogus": sum(result["bogus"] > 0 for result in done),
            "possibly_bogus": sum(result["possible"] > 0 for result in done),
            "bogus_cds_only": sum(bool(result["only_to_parents"]) for result in done),
            "bogus_to_resolvers": sum(bool(result["resolver_findings"]) for result in done),
            "not_at_rest": sum(bool(result["missing"]) for result in done),
            "looks": sum(result["looks"] for result in done),
            "validated": sum(result["resolvers"]["validated"] for result in done),
            "faults": dict(sorted(faults.items())), "rollovers": dict(sorted(rollovers.items())),
            "seconds": round(seconds)}


def _soak(options: argparse.Namespace, binaries: str) -> int:
    began = time.monotonic()
    runs = Runs(options.seconds, binaries, options.keep, options.hurried)
    signal.signal(signal.SIGTERM, signal.default_int_handler)
    results: list[dict[str, Any]] = []
    with ThreadPoolExecutor(options.jobs) as pool:
        try:
            for result in pool.map(runs.live, range(options.seed, options.seed + options.runs)):
                results.append(result)
                print(_line(len(results), result), flush=True)
        except KeyboardInterrupt:
            runs.end()
            print("interrupted: the labs are being ended", file=sys.stderr)
    print(json.dumps(_summary(results, options, time.monotonic() - began)), flush=True)
    return 0 if len(results) == options.runs and all(result["well"] for result in results) else 1


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number <= 1e6:
        raise ValueError
    return number


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="soak", description="Real masters under random faults, judged by the view checker.")
    parser.add_argument("--runs", type=int, default=20)
    parser.add_argument("--seconds", type=_positive, default=120, help="of faults in each run, before everything is healed")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31), help="of the first run; the next has the next one")
    parser.add_argument("--jobs", type=int, default=1, help="labs side by side; each takes most of a core")
    parser.add_argument("--bin", help="where rollcall, rollcalld and rollcall-judge are (else ROLLCALL_BIN, else build/dev/bin)")
    parser.add_argument("--keep", action="store_true", help="keep logs and history also of runs that went well")
    parser.add_argument("--hurried", action="store_true",
                        help="let the clock of waits of all agents run 20 times too fast, so that runs must fail")
    parser.add_argument("--plan", action="store_true", help="print the plans of the runs, and start nothing")
    parser.add_argument("--one", type=int, metavar="SEED", help="this run only, in this process; prints its JSON object")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    parser = _parser()
    options = parser.parse_args(arguments)
    if options.runs < 1 or options.jobs < 1:
        parser.error("--runs and --jobs must be 1 or more")
    if options.plan:
        signal.signal(signal.SIGPIPE, signal.SIG_DFL)  # `| head`
        for seed in range(options.seed, options.seed + options.runs):
            print("\n".join(plan(seed, options.seconds).lines()) + "\n")
        return 0
    try:
        binaries = find_binaries(options.bin)
        if not (Path(binaries) / "rollcall-judge").exists():
            raise LabError(f"there is no rollcall-judge in {binaries}: build it, or say with --bin where it is")
    except LabError as error:
        print(f"soak: {error}", file=sys.stderr)
        return 2
    if options.one is not None:
        return one_run.run(options.one, options.seconds, binaries, options.keep, options.hurried)
    print(f"{options.runs} runs of {options.seconds:.0f} s from seed {options.seed}", flush=True)
    return _soak(options, binaries)
