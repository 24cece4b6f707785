# SPDX-License-Identifier: GPL-3.0-or-later
"""The last health checks of the agents, as they left them in the directory (lib/control/health.h). Nothing is judged here."""
import json
from collections import namedtuple

from ipalib import _, errors
from ipapython.dn import DN

from rollcall_ipa import tree

# One member's last check. `by` is its host name, `at` when (aware datetime), `said` the JSON.
Check = namedtuple('Check', 'by at said')


def checks(ldap, env):
    """The last check of every member that made one, the newest first."""
    tree.config(ldap, env)  # whether there is anything at all
    found = tree.children(ldap, DN(('cn', 'reports'), tree.base(env)), ['rollcallhealth'], '(rollcallHealth=*)')
    return sorted(filter(None, map(_read, found)), key=lambda check: check.at, reverse=True)


def entry(checks, env_now):
    """What `ipa health` prints: the findings of the newest check, and when each member looked last."""
    newest = checks[0]
    return {name: value for name, value in {
        'level': newest.said['level'],
        'findings': [_finding(one) for one in newest.said['findings']],
        'replicas': [_replica(one) for one in newest.said['replicas']],
        'checks': [str(_('%(host)s: %(level)s, %(time)s')) % {
            'host': check.by, 'level': check.said['level'], 'time': check.said['now']} for check in checks],
        'age': _age(env_now - newest.at),
    }.items() if value not in (None, '', [])}


def none_yet():
    return errors.NotFound(reason=_(
        'No agent has left a health check in the directory yet: run "rollcall health" on a server, or its timer'))


def _read(entry):
    try:
        said = json.loads(entry.single_value['rollcallhealth'])
        return Check(said['self']['host'], tree.time_of(said['now']), said)
    except (KeyError, TypeError, ValueError):
        return None


def _finding(said):
    return {name: said[source] for name, source in
            (('finding_level', 'level'), ('about', 'about'), ('finding', 'what'), ('cure', 'cure')) if said[source]}


def _replica(said):
    if not said['answers']:
        return str(_('%s: NO ANSWER')) % said['host']
    return str(_('%(host)s: answers, %(facts)d facts, lacks %(lacks)d')) % said


def _age(age):
    return str(_('%d seconds')) % max(0, int(age.total_seconds()))
