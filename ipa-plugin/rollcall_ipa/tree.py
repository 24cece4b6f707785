# SPDX-License-Identifier: GPL-3.0-or-later
"""Where Rollcall's entries stand in IPA's tree, and reading them as the user who asks.

    cn=rollcall,cn=dns,$SUFFIX
        cn=config                          mode and appointed members
        cn=members      cn=<member uuid>   host name
        cn=requests     cn=<request uuid>  what administrators ask
        cn=reports      cn=<member uuid>   what a member says of the cluster
                            cn=<zone>,     … of a zone
                            cn=<request>,  … of a request
"""
import json
from collections import namedtuple
from datetime import datetime, timezone

from ipalib import _, errors
from ipapython.dn import DN

# A report. `by` is the UUID of the member, `at` when it was written (aware datetime), `said` the JSON.
Report = namedtuple('Report', 'by at said')


def base(env):
    return DN(('cn', 'rollcall'), env.container_dns, env.basedn)


def config_dn(env):
    return DN(('cn', 'config'), base(env))


def request_dn(env, request):
    return DN(('cn', request), ('cn', 'requests'), base(env))


def report_dn(env, member, below=None):
    dn = DN(('cn', member), ('cn', 'reports'), base(env))
    return DN(('cn', below), dn) if below else dn


def config(ldap, env):
    """The entry of the configuration; NotFound says what an administrator has to do first."""
    try:
        return ldap.get_entry(config_dn(env), ['rollcallmode', 'rollcallappointed'])
    except errors.NotFound:
        raise errors.NotFound(reason=_(
            'No DNSSEC key manager is set up here: %s is not there, or you may not see it') % config_dn(env)) from None


def children(ldap, dn, attributes, filter='(objectClass=*)'):
    """All entries right below one; an empty list if there are none, or it is not there."""
    try:
        return ldap.get_entries(dn, ldap.SCOPE_ONELEVEL, filter, attributes)
    except errors.NotFound:
        return []


def entry_or_none(ldap, dn, attributes):
    try:
        return ldap.get_entry(dn, attributes)
    except errors.NotFound:
        return None


def reporters(ldap, env):
    """When each member reported last: {uuid: aware datetime}."""
    found = children(ldap, DN(('cn', 'reports'), base(env)), ['cn', 'rollcallreported'])
    return {entry.single_value['cn']: utc(entry.single_value['rollcallreported'])
            for entry in found if entry.get('rollcallreported')}


def report(ldap, env, member, zone=None):
    """The Report of a member about the cluster or a zone; None if it has not written one that can be read."""
    entry = entry_or_none(ldap, report_dn(env, member, zone), ['rollcallreport', 'rollcallreported'])
    if entry is None or not entry.get('rollcallreport'):
        return None
    try:
        said = json.loads(entry.single_value['rollcallreport'])
    except ValueError:
        return None
    return Report(member, utc(entry.single_value['rollcallreported']), said)


def utc(time):
    """IPA's LDAP layer gives times without a zone up to 4.11, with one later; all are UTC."""
    return time if time.tzinfo else time.replace(tzinfo=timezone.utc)


def time_of(text):
    """A time as agents write it in JSON."""
    return utc(datetime.strptime(text, '%Y-%m-%dT%H:%M:%SZ'))


def newest(reports):
    """Of several reports the one that was written last; None if there is none."""
    return max((one for one in reports if one), key=lambda one: one.at, default=None)
