# SPDX-License-Identifier: GPL-3.0-or-later
"""The soak's plans, without a lab: what a seed promises."""
import json
import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from soaklib.plan import KINDS, Act, Plan, plan

COMMAND = str(Path(__file__).resolve().parent / "soak")
SEEDS = range(300)
ENDS = {"kill": "start", "freeze": "thaw", "cut": "heal-links", "registry-pause": "registry-resume"}


def test_a_seed_is_one_plan() -> None:
    assert plan(7, 120).lines() == plan(7, 120).lines()
    assert plan(7, 120).lines() != plan(8, 120).lines()


def test_every_kind_of_fault_is_planned_for_some_seed_and_missing_for_some() -> None:
    plans = [plan(seed, 120) for seed in SEEDS]
    for kind in KINDS:
        assert any(kind in made.faults for made in plans) and any(kind not in made.faults for made in plans)
    assert {made.clocks for made in plans} == {"", "machine", "faketime"}


def places(act: Act) -> list[tuple[str, str]]:
    return [(act.who, program) for program in act.only] if act.what in ("kill", "start", "freeze", "thaw") else []


def out_of_order(made: Plan) -> dict[tuple[str, str], str]:
    """What does not run at the end of a plan; fails if something that does not run is killed or frozen."""
    state: dict[tuple[str, str], str] = {}
    for act in made.acts:
        for place in places(act):
            if act.what in ("kill", "freeze"):
                assert place not in state, f"seed {made.seed}: {act}, but it does not run"
                state[place] = act.what
            else:
                assert ENDS[state.pop(place)] == act.what, f"seed {made.seed}: {act}"
    return state


@pytest.mark.parametrize("seconds", [20, 120])
def test_what_is_killed_or_frozen_runs_before_and_again_after(seconds: int) -> None:
    for seed in SEEDS:
        assert out_of_order(plan(seed, seconds)) == {}


def test_each_plan_has_rolls_on_request_and_one_in_an_emergency() -> None:
    for seed in SEEDS:
        acts = [act.what for act in plan(seed, 120).acts]
        assert acts.count("emergency") == 1 and "roll" in acts


def test_acts_are_in_order_and_within_the_run() -> None:
    for seed in SEEDS:
        times = [act.at for act in plan(seed, 120).acts]
        assert times == sorted(times) and times[0] >= 0 and times[-1] <= 121


@pytest.mark.parametrize("words, complaint", [
    (["--runs", "0"], "--runs and --jobs must be 1 or more"), (["--seconds", "-1"], "argument --seconds: invalid"),
    (["--seed", "x"], "argument --seed: invalid"), (["--bin", "/nowhere"], "there is no rollcall in /nowhere")])
def test_options_that_make_no_sense(words: list[str], complaint: str) -> None:
    done = subprocess.run([sys.executable, COMMAND, *words], capture_output=True, text=True, check=False)
    assert done.returncode == 2 and complaint in done.stderr


def soaked(*words: str) -> tuple[dict[str, Any], str]:
    """The summary of one short run, and all that was printed."""
    done = subprocess.run([sys.executable, COMMAND, "--runs", "1", *words], capture_output=True, text=True, check=False)
    text = done.stdout + done.stderr
    summary = json.loads(done.stdout.splitlines()[-1])
    assert (done.returncode == 0) == (summary["failed"] + summary["bogus"] + summary["possibly_bogus"]
                                      + summary["bogus_to_resolvers"] + summary["not_at_rest"] == 0), text
    for line in text.splitlines():
        if found := re.search(r"logs and history: (\S+)", line):
            shutil.rmtree(found[1])
    return summary, text


def test_a_short_run_with_faults_of_many_kinds() -> None:
    summary, text = soaked("--seconds", "40", "--seed", "983")
    assert summary["failed"] == summary["bogus"] == summary["possibly_bogus"] == summary["not_at_rest"] == 0, text
    assert summary["validated"] > 0 and summary["looks"] > 100 and sum(summary["rollovers"].values()) > 0, text


def test_agents_that_do_not_wait_long_enough_are_found_out() -> None:
    """Certainly bogus on a quiet machine; where looks come late, possibly."""
    summary, text = soaked("--seconds", "10", "--seed", "5", "--hurried")
    assert summary["failed"] == 0 and summary["bogus"] + summary["possibly_bogus"] == 1, text
