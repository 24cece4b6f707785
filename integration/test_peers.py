# SPDX-License-Identifier: GPL-3.0-or-later
"""Embedded directories that replicate with each other: made from bundles, killed, met again."""
import secrets

import pytest

from directorytest import (BASE, Server, eventually, fact_dn, fact_entry, invite, join, member_dn, peers, sees, tool)


@pytest.fixture
def three(root):
    servers: list[Server] = []
    place = root / secrets.token_hex(4)
    try:
        for name in "abc":
            (place / name).mkdir(parents=True)
            servers.append(Server(place / name, invite(servers[0], place) if servers else None))
            servers[-1].start()
        yield servers
    finally:
        for server in servers:
            server.kill()


def add_fact(server: Server, seq: int) -> str:
    server.as_member().add_s(fact_dn(server.member, seq), fact_entry(server.member, seq))
    return fact_dn(server.member, seq)


def test_three_directories_made_from_bundles_replicate_and_survive_a_kill(three):
    assert [server.number for server in three] == [1, 2, 3]
    everybody = {server.uri for server in three}
    assert [peers(server) for server in three] == [everybody - {server.uri} for server in three]
    for server in three:
        eventually(lambda: sees(server, f"cn=facts,{BASE}"))
        join(server.as_member(), server.member)
    for dn in [add_fact(server, 1) for server in three]:
        for server in three:
            eventually(lambda: sees(server, dn))

    a, b, c = three
    b.kill()
    dn = add_fact(a, 2)
    eventually(lambda: sees(c, dn))
    b.start()
    eventually(lambda: sees(b, dn))
    a.kill()  # c and b go on without the one that invited them
    dn = add_fact(b, 2)
    eventually(lambda: sees(c, dn))


def test_a_server_that_was_down_when_another_joined_learns_of_it_at_its_start(three, root):
    a, b, c = three
    c.kill()
    place = root / secrets.token_hex(4)
    place.mkdir()
    d = Server(place, invite(b, place))
    try:
        assert d.number == 4
        assert len(d.unreached) == 1 and c.uri in d.unreached[0]
        d.start()
        c.start()
        assert d.uri not in peers(c)
        assert tool("meet", c.dir) == []
        assert peers(c) == {a.uri, b.uri, d.uri} and peers(d) == {a.uri, b.uri, c.uri}
        assert tool("meet", c.dir) == []
        a.kill()
        b.kill()
        eventually(lambda: sees(d, f"cn=facts,{BASE}"))
        join(d.as_member(), d.member)
        eventually(lambda: sees(c, member_dn(d.member)))
    finally:
        d.kill()


def test_a_number_belongs_to_one_server(three, root):
    bundle = invite(three[0], root)
    assert f"server id 2 belongs to {three[1].uri}" in tool("create", root / "twin", "ldap://127.0.0.1:1", 2, "", bundle, ok=False)
    assert not (root / "twin").exists()


def test_a_peer_can_be_found_at_another_address(three):
    a, b, c = three
    elsewhere = b.uri.replace("127.0.0.1", "localhost")
    tool("peer", a.dir, b.number, elsewhere)
    assert peers(a) == {elsewhere, c.uri}
    assert "is this one" in tool("peer", a.dir, a.number, elsewhere, ok=False)[0]
    tool("peer", a.dir, b.number, b.uri)
    eventually(lambda: sees(b, f"cn=facts,{BASE}"))
    join(b.as_member(), b.member)
    eventually(lambda: sees(a, member_dn(b.member)))
