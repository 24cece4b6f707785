# SPDX-License-Identifier: GPL-3.0-or-later
"""Three masters of an IPA tree with their agents and a signed zone, and IPA servers with our plugin."""
import shutil
import sys
from pathlib import Path
from typing import Iterator

import pytest

ROOT = Path(__file__).resolve().parents[2]
sys.path[:0] = [str(ROOT / "integration"), str(ROOT / "ipa-plugin")]

import ipatree  # noqa: E402
from faultlib import PATIENCE, POLICY, ZONE, Cluster  # noqa: E402
from ipatest import IpaServer  # noqa: E402
from labtest import await_that, processes_below, short_directory  # noqa: E402
from lablib import cluster as clusters  # noqa: E402
from lablib import directory  # noqa: E402
from lablib.cli import find_binaries  # noqa: E402
from lablib.client import Lab  # noqa: E402
from lablib.layout import Spec  # noqa: E402

MEMBERS = "abc"


@pytest.fixture(scope="module")
def lab() -> Iterator[Lab]:
    place = short_directory()
    one = Lab.up(Spec(str(place), find_binaries(), len(MEMBERS), ["example.test", "twice.test"], zone_ttl=2, negative_ttl=1,
                      parent_ttl=2, engine="389ds"))
    try:
        clusters.form(one)
        clusters.set_policy(one, "a", **POLICY)
        yield one
    finally:
        one.down()
    assert processes_below(place) == []
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def tree(lab: Lab, tmp_path_factory: pytest.TempPathFactory) -> Lab:
    """The lab as an IPA tree, to which our files were applied."""
    root = directory.connect(lab.member("a"))
    ipatree.plant(root, [host(name) for name in MEMBERS],
                  [f"uid=agent-{name},ou=services,{ipatree.SUFFIX}" for name in MEMBERS])
    for name in MEMBERS:
        ipatree.apply_update(root, ipatree.update_of(lab.info()["binaries"]), host(name))
    (place := tmp_path_factory.mktemp("ipa") / "grants")
    server = IpaServer(place, lab.member("a")["ldapi"])
    root.modify_s(f"cn=DNSSEC Key Manager Administrators,cn=privileges,{ipatree.PBAC}",
                  [(0, "member", [ipatree.user_dn(ipatree.KEY_ADMIN).encode()])])
    ipatree.grant(root, server.api.Object.dnssec_keymanager.managed_permissions)
    server.close()
    last = f"cn=System: Flag DNSSEC Key Manager Services,cn=permissions,{ipatree.PBAC}"
    for name in MEMBERS:
        await_that(f"{name} has the permissions", lambda: directory.has(directory.connect(lab.member(name)), last))
    return lab


@pytest.fixture(scope="module")
def cluster(tree: Lab) -> Cluster:
    """Its agents, and the zone signed with its first keys."""
    one = Cluster(tree)
    one.add("a", ZONE)
    for name in MEMBERS:
        await_that("the zone has its first keys", lambda: one.state(name, "KSK", 1, "DS") == "omnipresent", PATIENCE)
    return one


def host(name: str) -> str:
    return f"{name}.lab.test"


def serve(lab: Lab, place: Path, name: str, agent: bool) -> IpaServer:
    member = lab.member(name)
    return IpaServer(place, member["ldapi"], member["agent"]["socket"] if agent else str(place / "none"))


@pytest.fixture(scope="module")
def with_agent(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IpaServer]:
    """The IPA server of master a, whose agent it asks."""
    one = serve(cluster.lab, tmp_path_factory.mktemp("ipa") / "a", "a", True)
    yield one
    one.close()


@pytest.fixture(scope="module")
def without_agent(cluster: Cluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[IpaServer]:
    """One with the directory of master b and no agent of its own."""
    one = serve(cluster.lab, tmp_path_factory.mktemp("ipa") / "b", "b", False)
    yield one
    one.close()
