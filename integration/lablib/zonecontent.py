# SPDX-License-Identifier: GPL-3.0-or-later
"""What a zone transfer says of keys: which are in the DNSKEY RRset, and which really signed which RRsets.

A key is known by `ALGORITHM/TAG/DIGEST`, the digest being that of its DS (SHA-256), so that a DS names it without its
DNSKEY. A signature counts for a key if it verifies with it and is valid now; one that does not is nobody's.
"""
import hashlib
import time
from dataclasses import dataclass
from typing import Any, Iterable

import dns.dnssec
import dns.name
import dns.rdatatype
import dns.rdtypes.ANY.DNSKEY
import dns.rdtypes.ANY.RRSIG
import dns.rrset

SHA256 = 2
FOR_PARENTS = (dns.rdatatype.CDS, dns.rdatatype.CDNSKEY)
DIGEST_DIGITS = 16  # of 64: enough to tell the keys of a lab apart

Rrsets = dict[tuple[dns.name.Name, int, int], dns.rrset.RRset]  # by name, type, and type covered


@dataclass(frozen=True)
class Signed:
    """Some RRset and who signed it."""

    rrset: str
    signers: tuple[str, ...]
    ttl: int


def key_name(zone: dns.name.Name, key: Any) -> str:
    owner = zone.canonicalize().to_wire()
    digest = hashlib.sha256((owner or b"") + key.to_wire()).hexdigest()
    return f"{int(key.algorithm)}/{dns.dnssec.key_id(key)}/{digest[:DIGEST_DIGITS]}"


def ds_name(ds: Any) -> str:
    """A DS of another digest type is that of no key, since it cannot be compared here."""
    digest = ds.digest.hex()[:DIGEST_DIGITS] if ds.digest_type == SHA256 else f"type{ds.digest_type}"
    return f"{int(ds.algorithm)}/{ds.key_tag}/{digest}"


class Verifier:
    """Remembers what was verified: of a zone that is transferred again, little is new."""

    def __init__(self, zone: str) -> None:
        self._zone = dns.name.from_text(zone)
        self._keys: dict[str, Any] = {}  # every DNSKEY that was ever seen, by its name
        self._signer_of: dict[tuple[bytes, bytes], str] = {}

    def learn(self, keys: Iterable[Any]) -> tuple[str, ...]:
        """The names of the keys of a DNSKEY RRset."""
        named = {key_name(self._zone, key): key for key in keys}
        self._keys.update(named)
        return tuple(sorted(named))

    def signers(self, rrset: dns.rrset.RRset, signatures: dns.rrset.RRset | None) -> tuple[str, ...]:
        now = time.time()
        content = b"".join(sorted(record.to_digestable() for record in rrset)) + rrset.name.to_text().encode()
        valid = [s for s in signatures or () if s.inception <= now <= s.expiration]
        return tuple(sorted({self._signer(content, rrset, signature) for signature in valid}))

    def _signer(self, content: bytes, rrset: dns.rrset.RRset, signature: Any) -> str:
        place = content, signature.to_wire()
        if place not in self._signer_of:
            name = self._find_signer(rrset, signature)
            if name is None:
                return f"{int(signature.algorithm)}/{signature.key_tag}/unverified"
            self._signer_of[place] = name
        return self._signer_of[place]

    def _find_signer(self, rrset: dns.rrset.RRset, signature: Any) -> str | None:
        prefix = f"{int(signature.algorithm)}/{signature.key_tag}/"
        for name, key in self._keys.items():
            if not name.startswith(prefix):
                continue
            keys = dns.rrset.from_rdata(self._zone, rrset.ttl, key)
            try:
                dns.dnssec.validate_rrsig(rrset, signature, {self._zone: keys})
                return name
            except dns.dnssec.ValidationFailure:
                pass
        return None


def _is_authoritative(zone: dns.name.Name, cuts: set[dns.name.Name], name: dns.name.Name, rdtype: int) -> bool:
    """Delegations and glue have no signature; the DS and NSEC at a delegation have one."""
    above = next((cut for cut in cuts if name.is_subdomain(cut)), None)
    if above is None:
        return True
    return name == above and rdtype in (dns.rdatatype.DS, dns.rdatatype.NSEC)


def content_of(zone_text: str, rrsets: Rrsets, verifier: Verifier) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """The fields `dnskey` and `data` of a history's line. Of RRsets that are signed alike, one is named."""
    zone = dns.name.from_text(zone_text)
    dnskey = rrsets.get((zone, dns.rdatatype.DNSKEY, 0))
    keys = verifier.learn(dnskey or ())
    cuts = {name for name, rdtype, _ in rrsets if rdtype == dns.rdatatype.NS and name != zone}
    alike: dict[tuple[tuple[str, ...], int, bool], str] = {}
    signed_keys: tuple[str, ...] = ()
    for (name, rdtype, _), rrset in sorted(rrsets.items()):
        if rdtype == dns.rdatatype.RRSIG or not _is_authoritative(zone, cuts, name, rdtype):
            continue
        signers = verifier.signers(rrset, rrsets.get((name, dns.rdatatype.RRSIG, rdtype)))
        if rdtype == dns.rdatatype.DNSKEY:
            signed_keys = signers
        else:
            alike.setdefault((signers, rrset.ttl, rdtype in FOR_PARENTS), f"{name} {dns.rdatatype.to_text(rdtype)}")
    soa = rrsets[zone, int(dns.rdatatype.SOA), 0]
    ttl = dnskey.ttl if dnskey else min(soa.ttl, soa[0].minimum)  # RFC 2308, 5: that there is none is cached, too
    return ({"keys": keys, "signers": signed_keys, "ttl": ttl},
            [{"rrset": text, "signers": signers, "ttl": ttl} for (signers, ttl, _), text in alike.items()])
