# SPDX-License-Identifier: GPL-3.0-or-later
"""Another master key while a zone rolls: every private key is wrapped again, the old copies are gone from all directories and
stores, nobody notices, and all goes on after a restart."""
import sqlite3
from typing import Any

import ldap

from faultlib import PATIENCE, Cluster
from labtest import await_that
from lablib import directory
from lablib.layout import BASE


def master_key(cluster: Cluster, who: str) -> dict[str, Any]:
    return dict(cluster.status(who).get("master_key", {}))


def copies_in_directory(cluster: Cluster, who: str) -> list[bytes]:
    """Every wrapped private key that a member's directory has."""
    connection = directory.connect(cluster.lab.member(who))
    found = connection.search_s(f"cn=facts,{BASE}", ldap.SCOPE_SUBTREE, "(rollcallWrappedKey=*)", ["rollcallWrappedKey"])
    return [entry["rollcallWrappedKey"][0] for _, entry in found]


def copies_in_store(cluster: Cluster, who: str) -> list[bytes]:
    store = sqlite3.connect(f"file:{cluster.place(who)}/state/store.db?mode=ro", uri=True)
    try:
        return [row[0] for row in store.execute("SELECT wrapped_key FROM facts WHERE wrapped_key IS NOT NULL")]
    finally:
        store.close()


def epochs(copies: list[bytes]) -> set[int]:
    """Under which master keys they are: lib/crypto/wrap.h."""
    return {int.from_bytes(copy[1:5], "big") for copy in copies}


def is_rotated(cluster: Cluster, epoch: int) -> bool:
    return all(master_key(cluster, who).get("epoch") == epoch and not master_key(cluster, who)["rotating"]
               and epochs(copies_in_directory(cluster, who)) == {epoch}
               and epochs(copies_in_store(cluster, who)) == {epoch} for who in cluster.names)


def test_the_master_key_is_rotated_while_a_zone_rolls(three: Cluster) -> None:
    cluster = three
    assert all(epochs(copies_in_directory(cluster, who)) == {1} for who in cluster.names)
    generation = cluster.roll("a")
    asked = cluster.cli("b", "master-key", "rotate")
    assert asked.returncode == 0 and "asked for the master key after that of epoch 1" in asked.stdout, asked.stderr
    await_that("every copy is under the new master key", lambda: is_rotated(cluster, 2), PATIENCE)
    cluster.await_rolled(generation)

    for who in cluster.names:  # what is needed is opened again, what is gone is not missed
        cluster.restart_agent(who)
    cluster.await_calm()
    generation = cluster.roll("c")
    cluster.await_rolled(generation)
    assert is_rotated(cluster, 2)
    assert cluster.cli("a", "master-key", "show").stdout == "epoch 2\n"


def test_a_silent_member_holds_a_rotation_and_nothing_else(three: Cluster) -> None:
    cluster = three
    cluster.lab.kill("c", ["agent"])
    assert cluster.cli("a", "master-key", "rotate").returncode == 0
    await_that("it waits for c", lambda: [line["host"] for line in master_key(cluster, "b").get("waits_for", [])] == ["c.lab.test"])
    again = cluster.cli("b", "master-key", "rotate")
    assert again.returncode != 0 and "epoch 2 is not over" in again.stderr and "c.lab.test" in again.stderr
    assert master_key(cluster, "a")["epoch"] == 1
    cluster.restart_agent("a")
    cluster.lab.start("c", ["agent"])
    await_that("every copy is under the new master key", lambda: is_rotated(cluster, 2), PATIENCE)
