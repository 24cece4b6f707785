# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab of the tests of faults, and a place for directories without one."""
import secrets
import shutil
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator

import pytest

from faultlib import PATIENCE, POLICY, ZONE, Cluster
from labtest import await_that, processes_below, short_directory
from lablib import cluster as clusters
from lablib.cli import find_binaries
from lablib.client import Lab
from lablib.layout import Spec
from lablib.probe import Probe, Verdict


@contextmanager
def _lab_of(masters: int, clocks: str = "") -> Iterator[Lab]:
    directory = short_directory()
    lab = Lab.up(Spec(str(directory), find_binaries(), masters, ["example.test", "twice.test"],
                      zone_ttl=2, negative_ttl=1, parent_ttl=2, clocks=clocks))
    try:
        yield lab
    finally:
        lab.down()
    assert processes_below(directory) == []
    shutil.rmtree(directory)


@pytest.fixture
def strangers() -> Iterator[Cluster]:
    """Two agents that are in no cluster yet."""
    with _lab_of(2) as lab:
        yield Cluster(lab)


@contextmanager
def _formed(masters: int, clocks: str = "") -> Iterator[Cluster]:
    with _lab_of(masters, clocks) as lab:
        with Probe(lab.info(), seed=1) as probe:
            clusters.form(lab)
            clusters.set_policy(lab, "a", **POLICY)
            cluster = Cluster(lab)
            cluster.add("a", ZONE)
            await_that("the zone has its first keys", lambda: cluster.state("b", "KSK", 1, "DS") == "omnipresent",
                       PATIENCE)
            yield cluster
        assert probe.score.count(Verdict.BOGUS) == 0 and probe.score.count(Verdict.VALIDATED) > 0


@pytest.fixture(scope="module")
def formed() -> Iterator[Cluster]:
    """Two members and a zone with its first keys, watched by the resolvers' users to the very end."""
    with _formed(2) as cluster:
        yield cluster


@pytest.fixture
def three() -> Iterator[Cluster]:
    """The same with three members, for one test."""
    with _formed(3) as cluster:
        yield cluster


@pytest.fixture
def machines() -> Iterator[Cluster]:
    """Three members on machines whose clocks can be set."""
    with _formed(3, clocks="machine") as cluster:
        yield cluster


@pytest.fixture
def cluster(formed: Cluster) -> Iterator[Cluster]:
    """The members are well before each test; after it they are well again, and none has lost a key."""
    formed.await_calm()
    yield formed
    formed.await_calm()
    first, *others = formed.names
    for other in others:
        await_that(f"{first} and {other} know the same keys",
                   lambda: formed.keys(first) and formed.keys(first) == formed.keys(other))


@pytest.fixture(scope="module")
def root() -> Iterator[Path]:
    """For embedded directories. Its name is short, since the path of a socket is."""
    path = Path("/tmp") / f"rc-{secrets.token_hex(4)}"
    path.mkdir(mode=0o700)
    yield path
    shutil.rmtree(path)
