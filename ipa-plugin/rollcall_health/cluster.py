# SPDX-License-Identifier: GPL-3.0-or-later
"""Which findings were made on which servers, by their logs of ipa-healthcheck."""
from ipahealthcheck.core import constants
from ipahealthcheck.core.plugin import Plugin, Result, duration

from rollcall_health.cluster_registry import registry


@registry
class RollcallLogsCheck(Plugin):
    """Which logs have the checks of Rollcall, and which have not."""

    @duration
    def check(self):
        logs = self.registry.logs
        checked = sorted(name for name, results in logs.items() if results)
        yield Result(self, constants.SUCCESS, name='rollcall_checked', value=checked)
        for name, problem, where in (
                ('rollcall_not_checked', 'no checks of Rollcall are in these logs', sorted(set(logs) - set(checked))),
                ('rollcall_unreadable', 'these files are no logs of ipa-healthcheck', self.registry.unreadable)):
            if where:
                yield Result(self, constants.WARNING, name=name, error=problem, value=where)
        if not logs and not self.registry.unreadable:
            yield Result(self, constants.ERROR, name='rollcall_not_checked', error='there are no logs')


@registry
class RollcallFindingsCheck(Plugin):
    """Every finding once, with its worst level and the logs in which it is.

    Not @duration: where nothing was found it adds a result without a name, which is printed as null.
    """

    def check(self):
        for key, seen in sorted(self._by_key().items()):
            worst = max(seen.values(), key=lambda result: constants.getLevel(result['result']))
            yield Result(self, constants.getLevel(worst['result']), name='rollcall_%s' % key,
                         error=_words(worst['kw']), value=sorted(seen))

    def _by_key(self):
        by_key = {}
        for name, results in self.registry.logs.items():
            for result in results:
                if result['result'] != 'SUCCESS':
                    key = result['kw'].get('key') or result['check']  # a check that broke has no key
                    by_key.setdefault(key, {})[name] = result
        return by_key


def _words(kw):
    return kw['msg'].format(**kw) if 'msg' in kw else kw.get('exception', '')
