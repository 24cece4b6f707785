# SPDX-License-Identifier: GPL-3.0-or-later
"""The last health checks of the agents, as they left them in the directory (lib/control/health.h). Nothing is judged here."""
import json
from collections import namedtuple
from datetime import timedelta

from ipalib import _, errors
from ipapython.dn import DN

from rollcall_ipa import tree

OLD = timedelta(days=1)
LEVELS = ('ok', 'warning', 'critical', 'unknown')  # the worst one last

# One member's last check. `by` is its host name, `at` when (aware datetime), `said` the JSON.
Check = namedtuple('Check', 'by at said')


def checks(ldap, env):
    """The last check of every member that made one, the newest first."""
    tree.config(ldap, env)  # whether there is anything at all
    found = tree.children(ldap, DN(('cn', 'reports'), tree.base(env)), ['rollcallhealth'], '(rollcallHealth=*)')
    return sorted(filter(None, map(_read, found)), key=lambda check: check.at, reverse=True)


def entry(checks, env_now):
    """What `ipa health` prints: the findings of the newest check, what others found of themselves, and when each looked last."""
    newest = checks[0]
    findings = newest.said['findings'] + _of_themselves(checks)
    return {name: value for name, value in {
        'level': max([newest.said['level'], *(one['level'] for one in findings)], key=LEVELS.index),
        'findings': [_finding(one) for one in findings],
        'replicas': [_replica(one) for one in newest.said['replicas']],
        **_duties(newest.said.get('ipa')),
        'checks': [str(_('%(host)s: %(level)s, %(time)s')) % {
            'host': check.by, 'level': check.said['level'], 'time': check.said['now']} for check in checks],
        'age': _age(env_now - newest.at),
    }.items() if value not in (None, '', [])}


def _of_themselves(checks):
    """Its disk, clock and directory a server sees itself: what it found of them not long before the newest check."""
    newest = checks[0]
    known = {one['key'] for one in newest.said['findings']}
    return [one for check in checks[1:] if newest.at - check.at < OLD for one in check.said['findings']
            if one['about'] == check.by and one['level'] != 'ok' and one['key'] not in known]


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
    """What is ok was not looked at: a note."""
    level = str(_('note')) if said['level'] == 'ok' else said['level']
    shown = {'finding_level': level, 'about': said['about'], 'finding': said['what'], 'cure': said['cure']}
    return {name: text for name, text in shown.items() if text}


def _replica(said):
    if not said['answers']:
        return str(_('%s: NO ANSWER')) % said['host']
    return str(_('%(host)s: answers, %(facts)d facts, lacks %(lacks)d')) % said


def _duties(said):
    """Who does what else in IPA, as texts; nothing if the agent does not tell."""
    if not said:
        return {}
    domains, controllers = ', '.join(said['ad_trusted_domains']), ', '.join(said['ad_trust_controllers'])
    return {
        'cas': ', '.join(ca['host'] for ca in said['cas']),
        'renewal': ', '.join(said['renewal_masters']),
        'crl': ', '.join(ca['host'] for ca in said['cas'] if ca['generates_crl']),
        'ad_sync': ', '.join(str(_('%(host)s with %(with)s')) % one for one in said['ad_sync']),
        'ad_trust': str(_('%(domains)s by %(controllers)s')) % {
            'domains': domains or '-', 'controllers': controllers or '-'} if domains or controllers else '',
    }


def _age(age):
    return str(_('%d seconds')) % max(0, int(age.total_seconds()))
