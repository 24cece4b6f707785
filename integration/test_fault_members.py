# SPDX-License-Identifier: GPL-3.0-or-later
"""A master that is gone for good in the middle of a rollover: it is forgotten and the others go on; it comes back, hears
of that and stops answering; it joins again under a new number."""
import shutil
from typing import Iterator

import pytest

from faultlib import PATIENCE, POLICY, ZONE, Cluster
from labtest import await_that, processes_below, short_directory
from lablib import cluster as clusters
from lablib.cli import find_binaries
from lablib.client import Lab
from lablib.errors import LabError
from lablib.layout import Spec


@pytest.fixture
def three() -> Iterator[Cluster]:
    directory = short_directory()
    lab = Lab.up(Spec(str(directory), find_binaries(), 3, ["example.test"], zone_ttl=2, negative_ttl=1, parent_ttl=2))
    try:
        clusters.form(lab)
        clusters.set_policy(lab, "a", **POLICY)
        cluster = Cluster(lab)
        cluster.add("a", ZONE)
        await_that("the zone has its first keys", lambda: cluster.state("c", "KSK", 1, "DS") == "omnipresent", PATIENCE)
        yield cluster
    finally:
        lab.down()
    assert processes_below(directory) == []
    shutil.rmtree(directory)


def answers(cluster: Cluster, who: str) -> bool:
    try:
        cluster.rndc(who, "status")
    except LabError:
        return False
    return True


def test_a_master_that_is_gone_for_good(three: Cluster) -> None:
    refused = three.cli("a", "forget", "c.lab.test")
    assert refused.returncode != 0 and "c.lab.test is alive" in refused.stderr
    generation = three.roll("a")
    three.lab.kill("c")
    three.names = ["a", "b"]
    await_that("a and b have not heard of c for long", lambda: three.is_silent("a", "c") and three.is_silent("b", "c"))
    assert not three.is_rolled(generation)
    dry_run = three.cli("a", "forget", "c.lab.test", "--dry-run")
    assert dry_run.returncode == 0 and "c.lab.test would be forgotten" in dry_run.stdout, dry_run.stderr
    forgotten = three.cli("a", "forget", "c.lab.test", "--force")  # what it wrote last may have been lost with it
    assert forgotten.returncode == 0, forgotten.stderr
    three.await_rolled(generation)

    three.lab.start("c", ["slapd", "named"])
    three.lab.start("c", ["agent"])
    await_that("c knows that it was forgotten", lambda: "forgotten" in three.status("c").get("out", ""), PATIENCE)
    await_that("its DNS server has stopped", lambda: not answers(three, "c"))

    token = three.ask("a", "invite")["token"]
    three.ask("c", "join", token=token)
    three.lab.start("c", ["named"])
    await_that("c serves again", lambda: bool(three.status("c").get("serving")), PATIENCE)
    assert next(line["incarnation"] for line in three.status("a")["members"] if line["host"] == "c.lab.test") == 2
    three.names = ["a", "b", "c"]
    three.await_rolled(three.roll("c"))
