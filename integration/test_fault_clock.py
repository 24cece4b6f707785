# SPDX-License-Identifier: GPL-3.0-or-later
"""A machine at 1970, as with an empty battery: agent, `named` and rndc. Its agent cannot tell good signatures from bad ones
then, and whatever it told `named` would be signed with dates that no resolver takes."""
from faultlib import PATIENCE, Cluster
from labtest import await_that
from lablib.clocks import set_clock

AT_1970 = -56 * 365 * 86400.0
BEHIND = ("the own clock is", "behind the other members' clocks")


def await_lost(cluster: Cluster) -> None:
    """The agent has looked: its server seems to have no good signature."""
    cluster.await_alarm("b", "the own server lost")


def test_a_machine_at_1970_has_nothing_signed(machines: Cluster) -> None:
    set_clock(machines.lab.root, "b", AT_1970)
    machines.await_alarm("b", *BEHIND)
    await_lost(machines)
    generation = machines.roll("a")
    await_that("a waits for b, by name", lambda: machines.holds_on("a", "b"), PATIENCE)
    machines.restart_agent("b")
    machines.await_alarm("b", *BEHIND)
    set_clock(machines.lab.root, "b", 0)
    machines.await_rolled(generation)
    machines.await_calm()
