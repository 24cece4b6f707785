# SPDX-License-Identifier: GPL-3.0-or-later
"""What the agent on this server found: each finding is one result, with the agent's own key, level, words and cure."""
from ipahealthcheck.core import constants
from ipahealthcheck.core.plugin import Plugin, Result, duration

from rollcall_health.registry import registry

LEVELS = {'ok': constants.SUCCESS, 'warning': constants.WARNING, 'critical': constants.CRITICAL, 'unknown': constants.ERROR}


class FindingsCheck(Plugin):
    """`kinds` are those of the agent's checks of which the findings are shown here."""

    kinds = frozenset()

    @duration
    def check(self):
        if self.registry.findings is None:
            yield self.unasked()
            return
        for finding in self.registry.findings:
            if self.has(finding['check']):
                yield _result(self, finding)

    def has(self, kind):
        return kind in self.kinds

    def unasked(self):
        return Result(self, constants.ERROR, key='not-checked:%s' % type(self).__name__,
                      msg='not checked, since the agent on this server cannot be asked')


@registry
class RollcallReplicationCheck(FindingsCheck):
    """Every replica of the directory answers, takes part in replication, and has the same entries."""

    kinds = frozenset({'probe', 'replica', 'replication', 'entries', 'conflict', 'not-compared'})


@registry
class RollcallMembersCheck(FindingsCheck):
    """Every member is heard; nothing waits for one that is silent; keys come and go in time."""

    kinds = frozenset({'member-silent', 'key-manager', 'master-key', 'held', 'late', 'duplicate'})


@registry
class RollcallParentCheck(FindingsCheck):
    """Parents have the DS records that caches rely on."""

    kinds = frozenset({'ds', 'parent'})


@registry
class RollcallServersCheck(FindingsCheck):
    """The DNS servers of the other members give what all have agreed on."""

    kinds = frozenset({'served', 'not-asked'})


@registry
class RollcallDutiesCheck(FindingsCheck):
    """In IPA each duty has its server: CAs, renewal of certificates, CRL, Active Directory."""

    kinds = frozenset({'ca', 'ca-renewal', 'crl', 'ad-sync', 'ad-trust'})


@registry
class RollcallSignaturesCheck(FindingsCheck):
    """No signature expires soon."""

    kinds = frozenset({'signatures'})


@registry
class RollcallMachineCheck(FindingsCheck):
    """Clock and disk of this server."""

    kinds = frozenset({'clock', 'disk'})


@registry
class RollcallAgentCheck(FindingsCheck):
    """The agent on this server answers; with its alarms, and all that a newer one may find that no other check shows."""

    def has(self, kind):
        return not any(kind in other.kinds for other in registry.plugins)

    def unasked(self):
        return Result(self, constants.CRITICAL, key='agent', problem=self.registry.problem,
                      cure='systemctl status rollcalld', msg='the agent on this server cannot be asked: {problem}. To do: {cure}')


def _result(plugin, finding):
    return Result(plugin, LEVELS[finding['level']], key=finding['key'], about=finding['about'], what=finding['what'],
                  cure=finding['cure'], msg='{about}: {what}. To do: {cure}')
