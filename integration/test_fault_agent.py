# SPDX-License-Identifier: GPL-3.0-or-later
"""Agents that are killed, or that are there twice. In each: an error that
names the object and the cure, an alarm in the status, nothing lost, nothing bogus, and the work goes on when the cause
is gone."""
import os
import random
import shutil
import subprocess
import time
from pathlib import Path

from faultlib import PATIENCE, Cluster, set_option
from labtest import await_that
from lablib.cli import find_binaries
from lablib.control import ask

KILLS = 8


def test_an_agent_that_is_killed_again_and_again(cluster: Cluster) -> None:
    dice, kills = random.Random(20), 0
    while kills < KILLS:
        generation = cluster.roll(dice.choice(cluster.names))
        while not cluster.is_rolled(generation) and kills < 3 * KILLS:
            time.sleep(dice.uniform(0.0, 1.5))  # any moment may be the wrong one
            cluster.restart_agent(dice.choice(cluster.names))
            kills += 1
        cluster.await_rolled(generation)
        winners = {g["winner"] for who in cluster.names for g in cluster.zone(who)["generations"]
                   if (g["role"], g["number"]) == ("ZSK", generation)}
        assert len(winners) == 1 and None not in winners
    made = cluster.candidates()
    assert len(made) == len(set(made)), "somebody made two keys for one generation"
    assert {number for role, number, _ in made if role == "ZSK"} == set(range(1, generation + 1))


def second_agent(cluster: Cluster, state: Path) -> list[str]:
    """The command that starts another agent beside that of b."""
    config = cluster.place("b") / "second.toml"
    shutil.copy(cluster.place("b") / "rollcalld.toml", config)
    set_option(config, "agent", state=str(state), socket=str(cluster.place("b") / "second.sock"))
    return [str(Path(find_binaries()) / "rollcalld"), "--config", str(config)]


def test_a_second_agent_on_the_same_state_is_refused(cluster: Cluster) -> None:
    state = cluster.place("b") / "state"
    second = subprocess.run(second_agent(cluster, state), capture_output=True, text=True, timeout=PATIENCE)
    assert second.returncode == 1
    assert f"state directory {state}: another agent is using it" in second.stderr


def test_a_second_agent_with_the_same_identity(cluster: Cluster) -> None:
    copy = cluster.place("b") / "state.copy"
    cluster.lab.kill("b", ["agent"])
    shutil.copytree(cluster.place("b") / "state", copy)
    cluster.lab.start("b", ["agent"])
    cluster.await_calm()
    with open(cluster.lab.root / "log" / "second.log", "wb") as log:
        second = subprocess.Popen(second_agent(cluster, copy), stdout=log, stderr=log)
    try:
        socket = str(cluster.place("b") / "second.sock")
        await_that("the second one listens", lambda: os.path.exists(socket))
        await_that("the second one refuses, and says why", lambda: "another agent" in ask(socket, "status")["doubt"])
        assert not ask(socket, "status")["may_write"]
        assert cluster.status("b")["may_write"], cluster.status("b")["doubt"]
    finally:
        second.kill()
        second.wait()
    own = next(member for member in cluster.status("b")["members"] if member["self"])
    assert own["incarnation"] == 1, "a second agent begins no new life"
    cluster.await_rolled(cluster.roll("a"))
