# SPDX-License-Identifier: GPL-3.0-or-later
"""Could a cache have held answers that do not fit, given what was really served?

A cache may hold any DS, DNSKEY RRset and signed data that it got from whichever server, each for its TTL. Whenever the
times of two overlap, they must fit: a DNSKEY RRset holds a key that signed the data, and a key that the DS names has
signed the DNSKEY RRset. Judged by key tags, and by one look at a time, this is a cheap check beside the resolvers; it
raises no false alarm (see ledger.py) unless two keys share a tag, which can only hide one.
"""
from dataclasses import dataclass
from itertools import product
from typing import Iterator

from lablib.ledger import Content, DsContent, Entry


@dataclass(frozen=True)
class Misfit:
    """Two answers that some cache may have held at the same time, and that do not validate together."""

    time: float
    zone: str
    what: str


def _meet(one: Entry, one_ttl: int, other: Entry, other_ttl: int) -> float | None:
    """When a cache could first hold both; None if never."""
    begin = max(one.first, other.first)
    return begin if begin <= min(one.last + one_ttl, other.last + other_ttl) else None


def _keys_and_data(keys: Entry, data: Entry) -> Misfit | None:
    assert isinstance(keys.content, Content) and isinstance(data.content, Content)
    if not keys.content.dnskeys or keys.content.dnskeys & data.content.soa_signers:
        return None
    if not data.content.soa_signers:  # not signed yet: fits while no DS says otherwise
        return None
    begin = _meet(keys, keys.content.dnskey_ttl, data, data.content.soa_ttl)
    if begin is None:
        return None
    return Misfit(begin, keys.zone, f"keys {sorted(keys.content.dnskeys)} of {keys.master}, but data of {data.master}"
                  f" signed by {sorted(data.content.soa_signers)}")


def _ds_and_keys(ds: Entry, keys: Entry) -> Misfit | None:
    assert isinstance(ds.content, DsContent) and isinstance(keys.content, Content)
    if not ds.content.ds or ds.content.ds & keys.content.dnskeys & keys.content.dnskey_signers:
        return None
    begin = _meet(ds, ds.content.ttl, keys, keys.content.dnskey_ttl)
    if begin is None:
        return None
    return Misfit(begin, ds.zone, f"DS {sorted(ds.content.ds)}, but keys {sorted(keys.content.dnskeys)} of"
                  f" {keys.master} signed by {sorted(keys.content.dnskey_signers)}")


def misfits(entries: list[Entry]) -> Iterator[Misfit]:
    """Every pair of things served that some cache could have held and could not have validated."""
    for zone in sorted({entry.zone for entry in entries}):
        served = [e for e in entries if e.zone == zone and isinstance(e.content, Content)]
        parents = [e for e in entries if e.zone == zone and isinstance(e.content, DsContent)]
        found = [_keys_and_data(one, other) for one, other in product(served, repeat=2)]
        found += [_ds_and_keys(ds, keys) for ds, keys in product(parents, served)]
        yield from (misfit for misfit in found if misfit)
