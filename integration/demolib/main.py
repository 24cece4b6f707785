# SPDX-License-Identifier: GPL-3.0-or-later
"""The command line of the demo, and what must be true for exit 0."""
import argparse
import random
import shutil
import signal
import sys
import tempfile
import time
from pathlib import Path
from typing import Sequence

from lablib import cluster
from lablib.cli import find_binaries
from lablib.client import Lab
from lablib.errors import LabError
from lablib.layout import ENGINES, Spec
from lablib.ledger import Ledger
from lablib.probe import Probe, Verdict
from lablib.views import misfits

from demolib import table
from demolib.narrator import Narrator
from demolib.stage import Stage, StepFailed
from demolib.steps import STEPS


def _play(lab: Lab, seed: int) -> bool:
    """Whether every step took place and nothing was bogus."""
    info = lab.info()
    with Narrator(info) as narrator, Ledger(info) as ledger, Probe(info, seed) as probe:
        cluster.form(lab, narrator.say)
        stage = Stage(lab, narrator, probe, ledger)
        took_place = _take_steps(stage)
        unfit = list(misfits(ledger.entries()))
    score = probe.score
    print("\n" + "\n".join(table.generations(narrator)) + "\n\n" + "\n".join(table.figures(narrator, score, unfit)))
    print("\n".join(table.details(score, unfit)))
    return took_place and score.count(Verdict.BOGUS) == 0 and not unfit and score.count(Verdict.VALIDATED) > 0


def _take_steps(stage: Stage) -> bool:
    for number, (title, step) in enumerate(STEPS, start=1):
        stage.tell.heading(number, title)
        try:
            step(stage)
        except (StepFailed, LabError) as error:
            stage.tell.say(f"FAILED: {error}", level="error")
            return False
        if bogus := stage.probe.score.count(Verdict.BOGUS):
            stage.tell.say(f"FAILED: {bogus} bogus answers", level="error")
            return False
    return True


def _how_to_talk(lab: Lab, binaries: str) -> str:
    info = lab.info()
    first, resolver = info["members"][0], info["resolvers"][0]
    return f"""
The lab is left running in {lab.root}. To talk to it:
  {binaries}/rollcall --socket {first['agent']['socket']} status example.test
  {binaries}/rollcall --socket {first['agent']['socket']} log -f
  dig @127.0.0.1 -p {resolver['port']} www.example.test +dnssec
  integration/lab --help                     cut, heal, kill, start
  integration/lab down                       ends it"""


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="demo", description="Three masters sign, roll and survive before your eyes.")
    parser.add_argument("--bin", help="where rollcall and rollcalld are (else ROLLCALL_BIN, else build/dev/bin)")
    parser.add_argument("--engine", choices=ENGINES, default="slapd", help="of the directories (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help="leave the lab running, and say how to talk to it")
    parser.add_argument("--dir", help="a directory for the lab (default: a new one below /tmp)")
    parser.add_argument("--seed", type=int, default=random.randrange(1 << 31), help="for the resolvers' questions")
    return parser


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # told to stop is interrupted: the lab ends too
    began = time.monotonic()
    root = Path(options.dir or tempfile.mkdtemp(prefix="rollcall-demo-"))
    try:
        binaries = find_binaries(options.bin)
        print(f"starting three masters, a parent and two resolvers in {root} (seed {options.seed})", flush=True)
        lab = Lab.up(Spec(str(root), binaries, 3, ["example.test"], engine=options.engine))
    except LabError as error:
        print(f"demo: {error}", file=sys.stderr)
        return 1
    well = False
    try:
        well = _play(lab, options.seed)
    except KeyboardInterrupt:
        print("interrupted", file=sys.stderr)
    except LabError as error:
        print(f"demo: {error}", file=sys.stderr)
    finally:
        if options.keep:
            print(_how_to_talk(lab, binaries))
        else:
            lab.down()
    print(f"\n{'all six steps took place, nothing was bogus' if well else 'the demo FAILED'}"
          f" ({time.monotonic() - began:.0f} s)", flush=True)
    if well and not options.keep and not options.dir:
        shutil.rmtree(root, ignore_errors=True)
    elif not well:
        print(f"logs: {root / 'log'}")
    return 0 if well else 1
