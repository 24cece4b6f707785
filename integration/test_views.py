# SPDX-License-Identifier: GPL-3.0-or-later
"""The checker over what was really served: both sides of each of its boundaries."""
from lablib.ledger import PARENT_NAME, Content, DsContent, Entry
from lablib.views import misfits

ZONE = "example.test."
TTL = 4


def served(master: str, keys: set[int], signed_by: set[int], first: float, last: float) -> Entry:
    """A master's keys; the last of them is the KSK that signs the DNSKEY RRset."""
    ksk = frozenset([max(keys)]) if keys else frozenset()
    return Entry(master, ZONE, Content(frozenset(keys), ksk, frozenset(signed_by), TTL, TTL), first, last)


def parent(ds: set[int], first: float, last: float) -> Entry:
    return Entry(PARENT_NAME, ZONE, DsContent(frozenset(ds), TTL), first, last)


def test_masters_that_serve_the_same_fit() -> None:
    assert not list(misfits([parent({99}, 0, 10), served("a", {1, 99}, {1}, 0, 10), served("b", {1, 99}, {1}, 0, 10)]))


def test_a_key_that_is_used_before_caches_have_it_does_not_fit() -> None:
    early = [served("a", {1, 99}, {1}, 0, 10), served("b", {1, 2, 99}, {2}, 10 + TTL, 20)]
    assert [misfit.what for misfit in misfits(early)] == ["keys [1, 99] of a, but data of b signed by [2]"]


def test_the_moment_after_the_last_cache_has_let_go_it_fits() -> None:
    assert not list(misfits([served("a", {1, 99}, {1}, 0, 10), served("b", {1, 2, 99}, {2}, 10 + TTL + 0.1, 20)]))


def test_a_key_that_is_removed_while_its_signatures_are_cached_does_not_fit() -> None:
    assert list(misfits([served("a", {1, 2, 99}, {1}, 0, 10), served("b", {2, 99}, {2}, 11, 20)]))


def test_a_ds_whose_key_is_gone_does_not_fit() -> None:
    assert list(misfits([parent({98}, 0, 10), served("a", {1, 99}, {1}, 0, 10)]))


def test_a_ds_for_an_unsigned_zone_does_not_fit_and_no_ds_does() -> None:
    assert list(misfits([parent({99}, 0, 10), served("a", set(), set(), 0, 10)]))
    assert not list(misfits([parent(set(), 0, 10), served("a", set(), set(), 0, 10)]))


def test_a_master_that_did_not_answer_is_no_misfit() -> None:
    assert not list(misfits([Entry("a", ZONE, None, 0, 10), served("b", {1, 99}, {1}, 0, 10)]))
