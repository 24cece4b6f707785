# SPDX-License-Identifier: GPL-3.0-or-later
"""What agents say, as entries that `ipa` prints: dictionaries whose keys are parameters of our objects.

Values are texts, booleans, or lists of such entries. What is not known is left out.
"""
from ipalib import _

NAMES_AT_MOST = 20  # of zones without --all


def info(view, every):
    """Of `dnssec-keymanager-info`. `every`: --all, with the names of all zones and all of each member."""
    said = view.said
    entry = {
        'appointed_server': _host(said['appointed_server']) or str(_('none: any server, at random')),
        'next_server': _host(said['next_server']),
        'keys_store': said['keys_store'],
        'last_keys_made': said['last_keys_made'],
        'next_keys': said['next_keys'] and '%s (%s)' % (said['next_keys'], said['next_zone']),
        'mode': said['mode'],
        'failover': [member['host'] for member in said['appointed'][1:]],
        'members': [member_line(line) for line in said['members'] if line['in_roster']],
        'zones_held': [{'held_zone': one['zone'], 'held_why': one['why']} for one in said['zones']['held']],
        'alarms': [alarm_line(alarm) for alarm in said['alarms']],
        'source': source(view),
    }
    for state in ('signed', 'rolling', 'unsigned'):
        names = said['zones'][state]
        entry['zones_' + state] = names if every or len(names) <= NAMES_AT_MOST else [str(len(names))]
    if every:
        entry['members'] = [member(line, said) for line in said['members'] if line['in_roster']]
        entry['master_key'] = str(said['master_key']['epoch'])
        entry['cluster'] = said['cluster']
    return _known(entry)


def member(line, said):
    """Of `dnssec-keymanager-find`."""
    place = [one['member'] for one in said['appointed']].index(line['member']) if line['member'] in [
        one['member'] for one in said['appointed']] else None
    return _known({
        'replica': line['host'],
        'appointment': None if place is None else (
            str(_('appointed')) if place == 0 else str(_('fail-over %d')) % place),
        'serving': line['serving'],
        'silent': not line['fresh'] or None,
        'last_heartbeat': last_heard(line),
        'agent_version': line['version'],
        'member': line['member'],
        'alarms': line['alarms'],
    })


def member_line(line):
    state = _('serving') if line['serving'] else _('not serving')
    words = [str(state) if line['fresh'] else str(_('SILENT'))]
    if last_heard(line):
        words.append(str(_('last heartbeat %s')) % last_heard(line))
    return '%s (%s)' % (line['host'], ', '.join(words))


def last_heard(line):
    """When a member was heard of, as text: of the agent that tells, or later by its own report."""
    reported = line.get('reported')
    return max(filter(None, [line['last_heartbeat'], reported and iso(reported)]), default=None)


def alarm_line(alarm):
    about = alarm['zone'] or alarm['host']
    return '%s: %s' % (about, alarm['text']) if about else alarm['text']


def zones(said, criterion):
    """Of `dnssec-zone-find`: all zones whose name has the criterion, sorted."""
    found = [{'zone': name, 'state': state} for state in ('signed', 'rolling', 'unsigned')
             for name in said['zones'][state]]
    found += [{'zone': one['zone'], 'state': 'held', 'held_why': one['why']} for one in said['zones']['held']]
    return sorted((one for one in found if criterion in one['zone']), key=lambda one: one['zone'])


def zone(view, requests):
    """Of `dnssec-zone-show`.

    requests  Lines about the newest ones.
    """
    one = view.said['zone']
    return _known({
        'zone': one['zone'],
        'state': one['state'],
        'policy': one['policy'],
        'insecure': one['insecure'] or None,
        'suspended': one['suspended'] or None,
        'signed_until': one['signed_until'],
        'keys': [key(each) for each in one['keys']],
        'next_roll': ['%s %s' % pair for pair in sorted(one['next_roll'].items())],
        'holds': [_known({'hold_step': hold['step'], 'held_why': hold['text'], 'hold_until': hold['until']})
                  for hold in one['holds']],
        'requests': requests,
        'alarms': one['alarms'],
        'source': source(view),
    })


def key(said):
    records = ('%s %s' % (name, record['state']) for name, record in said['records'].items())
    return _known({
        'key_tag': str(said['key_tag']),
        'role': said['role'],
        'generation': str(said['generation']),
        'key_algorithm': said['algorithm_name'],
        'stage': said['stage'],
        'records': ', '.join(records),
        'made_by': said['made_by']['host'],
        'expires': said['expires'],
    })


def ds(view):
    """Of `dnssec-zone-ds`: the records for the parent, and what is seen there."""
    said = view.said['ds']
    parent = said['parent']
    wanted = [one for one in said['keys'] if one['wanted']]
    return _known({
        'zone': said['zone'],
        'ds_keys': [{'key_tag': str(one['key_tag']), 'stage': one['stage'], 'ds_sha256': one['ds'][0],
                     'ds_sha384': one['ds'][1] if len(one['ds']) > 1 else '', 'cdnskey': one['cdnskey']}
                    for one in wanted],
        'ds_remove': [str(one['key_tag']) for one in said['keys'] if not one['wanted']],
        'parent_everywhere': [str(tag) for tag in parent['everywhere']],
        'parent_somewhere': [str(tag) for tag in parent['somewhere']],
        'parent_problem': parent['problem'],
        'by_hand': parent['by_hand'],
        'source': source(view),
    })


def source(view):
    return str(_('%(host)s, %(time)s')) % {'host': view.by, 'time': iso(view.at)}


def iso(time):
    return time.strftime('%Y-%m-%dT%H:%M:%SZ')


def _host(said):
    return said['host'] if said else None


def _known(entry):
    return {name: value for name, value in entry.items() if value not in (None, '', [], ())}
