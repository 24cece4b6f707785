# SPDX-License-Identifier: GPL-3.0-or-later
"""DNS questions to the servers of a lab, asked one by one."""
from dataclasses import dataclass

import dns.exception
import dns.flags
import dns.message
import dns.name
import dns.query
import dns.rcode
import dns.rdataclass
import dns.rdatatype
import dns.rdtypes.ANY.RRSIG
import dns.rrset

from lablib.ports import LOOPBACK


def ask(port: int, name: str | dns.name.Name, rdtype: str, timeout: float = 1.0, *, recursive: bool = False,
        checking_disabled: bool = False) -> dns.message.Message | None:
    """The answer with its signatures; None if there was none in time. Over TCP if UDP is too small for it."""
    query = dns.message.make_query(name, rdtype, want_dnssec=True)
    query.flags = dns.flags.Flag(0)
    if recursive:
        query.flags |= dns.flags.RD | dns.flags.AD
    if checking_disabled:
        query.flags |= dns.flags.CD
    try:
        answer, _ = dns.query.udp_with_fallback(query, LOOPBACK, timeout=timeout, port=port)
    except (dns.exception.DNSException, OSError):
        return None
    return answer


def rrset(answer: dns.message.Message, name: str | dns.name.Name, rdtype: str) -> dns.rrset.RRset | None:
    """The RRset of this name and type in the answer section."""
    apex = dns.name.from_text(name) if isinstance(name, str) else name
    return answer.get_rrset(answer.answer, apex, dns.rdataclass.IN, dns.rdatatype.from_text(rdtype))


@dataclass(frozen=True)
class SignedRrset:
    """What one server said about one RRset. Both are None if there is no such RRset."""

    records: dns.rrset.RRset | None
    signatures: dns.rrset.RRset | None

    def signer_tags(self) -> frozenset[int]:
        return frozenset(signature.key_tag for signature in self.signatures or ())


def ask_signed(port: int, name: str | dns.name.Name, rdtype: str, timeout: float = 1.0) -> SignedRrset | None:
    """Asks an authoritative server; None if it does not answer, or with an error."""
    answer = ask(port, name, rdtype, timeout)
    if answer is None or answer.rcode() != dns.rcode.NOERROR:
        return None
    apex = dns.name.from_text(name) if isinstance(name, str) else name
    signatures = answer.get_rrset(answer.answer, apex, dns.rdataclass.IN, dns.rdatatype.RRSIG,
                                  covers=dns.rdatatype.from_text(rdtype))
    return SignedRrset(rrset(answer, apex, rdtype), signatures)
