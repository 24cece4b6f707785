# SPDX-License-Identifier: GPL-3.0-or-later
"""What agents say of the cluster and its zones: the one on this server if it answers, else the newest report.

The contents are those of `rollcall --json info`, `status ZONE` and `ds show ZONE` (lib/control/status_json.h).
"""
from collections import namedtuple
from datetime import datetime, timedelta, timezone

from ipalib import _, errors

from rollcall_ipa import agent, tree

# said     the JSON
# by, at   who said it (host name) and when (aware datetime)
# notes    what the user should know about the source: list of texts
View = namedtuple('View', 'said by at notes')

OVERDUE = 3  # a report is late when its member has left out so many


def cluster(ldap, env):
    """`info`, each of its members with `reported` (datetime or None), as far as the directory tells."""
    said, notes = _ask(env, 'info')
    if said is None or not said['in_cluster']:
        view = _reported(ldap, env, notes)
    else:
        view = View(said, said['self']['host'], tree.time_of(said['now']), notes + _doubts(said))
    return view


def zone(ldap, env, name):
    """{"zone": ZONE, "ds": DS} of one zone.

    name  Absolute, in lower case.
    """
    try:
        said, notes = _ask(env, 'status', zone=name)
        if said is not None:
            answer = {'zone': said['zone'], 'ds': agent.ask(env, 'ds-show', zone=name)}
            return View(answer, said['self']['host'], tree.time_of(said['now']), notes + _doubts(said))
    except agent.AgentRefused as error:
        if error.code == 'not_found':
            raise unknown_zone(name) from None
        notes = [str(error)]
    except agent.AgentUnavailable as error:
        notes = [str(error)]
    return _zone_reported(ldap, env, name, notes)


def unknown_zone(name):
    return errors.NotFound(reason=_('%s: DNS zone not found among those whose keys are managed') % name)


def member_named(said, host):
    """The LINE of the member of the roster with this host name (as normalised), or None."""
    return next((line for line in said['members'] if line['in_roster'] and line['host'] == host), None)


def _ask(env, verb, **args):
    """The agent's answer, or None, and notes about that."""
    try:
        return agent.ask(env, verb, **args), []
    except agent.AgentUnavailable as error:
        if not error.installed:
            return None, []
        return None, [_('The agent on this server does not answer: %s') % error]


def _doubts(said):
    return [_('The agent on this server writes nothing new: %s') % said['doubt']] if said.get('doubt') else []


def _reported(ldap, env, notes):
    tree.config(ldap, env)  # whether there is anything at all
    written = tree.reporters(ldap, env)
    report = tree.newest(tree.report(ldap, env, member) for member, at in written.items()
                         if at == max(written.values()))
    if report is None:
        raise errors.NotFound(reason=_('No agent has reported to the directory of this server yet'))
    said = report.said
    for line in said['members']:
        line['reported'] = written.get(line['member'])
    return View(said, said['self']['host'], report.at, notes + _late(report.at, said))


def _zone_reported(ldap, env, name, notes):
    whole = _reported(ldap, env, notes)
    if not is_managed(whole.said, name):
        raise unknown_zone(name)
    report = tree.newest(tree.report(ldap, env, line['member'], name) for line in whole.said['members'])
    if report is None:
        raise errors.NotFound(reason=_('%s: no agent has reported on this DNS zone yet') % name)
    # It is written when something changes, so that its age says nothing; that of the cluster's does.
    return View(report.said, report.said['self']['host'], report.at, whole.notes)


def is_managed(said, name):
    """Whether a zone is among those of `info`."""
    zones = said['zones']
    return name in [*zones['signed'], *zones['rolling'], *zones['unsigned'], *(one['zone'] for one in zones['held'])]


def _late(at, said):
    age = datetime.now(timezone.utc) - at
    if age <= timedelta(seconds=OVERDUE * said.get('renewed_seconds', 300)):
        return []
    return [_('The newest report in the directory of this server is of %(host)s and %(age)s old: '
              'agents or replication have stopped') % {'host': said['self']['host'], 'age': _words(age)}]


def _words(age):
    minutes = int(age.total_seconds()) // 60
    if minutes < 2:
        return '%d seconds' % age.total_seconds()
    return '%d minutes' % minutes if minutes < 120 else '%d hours' % (minutes // 60)
