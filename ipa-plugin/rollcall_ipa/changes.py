# SPDX-License-Identifier: GPL-3.0-or-later
"""What administrators change: who is to make keys, and requests that an agent takes up.

All of it is written as the user, so that the directory decides whether he may. What a request means, and whether it
can be granted, is the agent's to say: its answer is an entry of its own, and `done` of one is the truth.
"""
import time
import uuid
from collections import namedtuple
from datetime import datetime, timezone

from ipalib import _, errors
from ipapython.dn import DN

from rollcall_ipa import tree

PATIENCE = 15.0  # seconds; an agent leaves a request to those before it for some seconds each
POLL = 0.25
SHOWN = 5        # requests about a zone, the newest

# state  'pending', 'done' or 'refused'
# by     UUID of the member that answered, or None
# why    of a refusal, or None
Answer = namedtuple('Answer', 'state by why')
PENDING = Answer('pending', None, None)

# id     its UUID
# wish   as people read it: `roll ZSK`
Asked = namedtuple('Asked', 'id wish by created')


def appoint(ldap, env, members):
    """Has these members make the keys, the first one first; any of them, at random, if the list is empty.

    members  UUIDs.
    Raises   EmptyModlist if it is so already, ACIError.
    """
    entry = tree.config(ldap, env)
    entry['rollcallmode'] = ['appointed' if members else 'random']
    entry['rollcallappointed'] = [' '.join(members)] if members else []
    ldap.update_entry(entry)


def request(ldap, env, wish, asked_by, **about):
    """Adds a request; gives its UUID.

    wish   'roll', 'ds-published' or 'forget'.
    about  Attributes that say of what, with lists of values: rollcallzone, and which key of it by rollcallrole and
           rollcallgeneration or by rollcallfingerprint; or rollcallabout, members.
    """
    identity = str(uuid.uuid4())
    entry = ldap.make_entry(tree.request_dn(env, identity), objectclass=['rollcallRequest'], cn=[identity],
                            rollcallwish=[wish], rollcallaskedby=[asked_by],
                            rollcallcreated=[datetime.now(timezone.utc).strftime('%Y%m%d%H%M%S.%f000Z')], **about)
    ldap.add_entry(entry)
    return identity


def answer(ldap, env, identity):
    """What became of a request, as far as the directory of this server knows."""
    refused = None
    for member in tree.reporters(ldap, env):
        dn = tree.report_dn(env, member, identity)
        entry = tree.entry_or_none(ldap, dn, ['rollcalloutcome', 'rollcallwhy'])
        if entry is None:
            continue
        if entry.single_value['rollcalloutcome'] == 'done':
            return Answer('done', member, None)
        refused = Answer('refused', member, entry.single_value.get('rollcallwhy'))
    return refused or PENDING


def await_answer(ldap, env, identity):
    """As answer(), after waiting for one."""
    deadline = time.monotonic() + PATIENCE
    while True:
        found = answer(ldap, env, identity)
        if found is not PENDING or time.monotonic() > deadline:
            return found
        time.sleep(POLL)


def refusal(found, host):
    """The error of a request that was refused."""
    return errors.ExecutionError(message=_('%(host)s refused the request: %(why)s') % {
        'host': host, 'why': found.why})


def about_zone(ldap, env, zone):
    """The newest requests about a zone, the newest last: list of Asked."""
    found = tree.children(ldap, DN(('cn', 'requests'), tree.base(env)),
                          ['cn', 'rollcallwish', 'rollcallrole', 'rollcallaskedby', 'rollcallcreated'],
                          ldap.make_filter({'rollcallzone': zone}, exact=True))
    asked = sorted((_asked(entry) for entry in found), key=lambda one: one.created)
    return asked[-SHOWN:]


def _asked(entry):
    one = entry.single_value
    wish = ' '.join(filter(None, [one['rollcallwish'], one.get('rollcallrole')]))
    return Asked(one['cn'], wish, one.get('rollcallaskedby', ''), one['rollcallcreated'])
