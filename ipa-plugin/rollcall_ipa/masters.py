# SPDX-License-Identifier: GPL-3.0-or-later
"""Servers as IPA knows them, and the service that says which of them has an agent and which is appointed.

    cn=DNSKeyManager,cn=<fqdn>,cn=masters,cn=ipa,cn=etc,$SUFFIX
        ipaConfigString: enabledService, startOrder 115, and dnssecKeyManager on the appointed one

The flag mirrors the appointment for people and tools that look there; nothing is decided by it.
"""
from ipalib import _, errors
from ipapython.dn import DN

from rollcall_ipa import tree

SERVICE = 'DNSKeyManager'
FLAG = 'dnssecKeyManager'


def service_dn(env, host):
    return DN(('cn', SERVICE), ('cn', host), env.container_masters, env.basedn)


def check(ldap, env, host):
    """NotFound unless there is such a server; ValidationError if its agent is not to run.

    ACIError for a user who may not see that, which is another thing than nothing there.
    """
    servers = DN(env.container_masters, env.basedn)
    if tree.entry_or_none(ldap, DN(('cn', host), servers), ['cn']) is None:
        if tree.entry_or_none(ldap, servers, ['cn']) is None:
            raise _unseen(servers)
        raise errors.NotFound(reason=_('%s: server not found') % host)
    service = tree.entry_or_none(ldap, service_dn(env, host), ['ipaconfigstring'])
    if service is not None and not _strings(service):
        raise _unseen(service.dn)
    if service is None or 'enabledservice' not in _strings(service):
        raise without_agent(host)


def _unseen(dn):
    return errors.ACIError(info=_('you may not read %s') % dn)


def without_agent(host):
    return errors.ValidationError(name='replica', error=_(
        'no DNSSEC key manager is enabled on %(host)s: install rollcall there, join it, then run '
        'ipa-server-upgrade there') % {'host': host})


def flagged(ldap, env):
    """Host names of all servers that have the flag."""
    container = DN(env.container_masters, env.basedn)
    try:
        found = ldap.get_entries(container, ldap.SCOPE_SUBTREE, '(&(cn=%s)(ipaConfigString=%s))' % (SERVICE, FLAG), ['cn'])
    except errors.NotFound:
        return []
    return sorted(entry.dn[1].value for entry in found)


def flag_only(ldap, env, host):
    """Puts the flag on the service of one server, and takes it off all others; none if `host` is None."""
    for other in flagged(ldap, env):
        if other != host:
            _write(ldap, env, other, lambda strings: [text for text in strings if text.lower() != FLAG.lower()])
    if host and host not in flagged(ldap, env):
        _write(ldap, env, host, lambda strings: [*strings, FLAG])


def _write(ldap, env, host, change):
    entry = ldap.get_entry(service_dn(env, host), ['ipaconfigstring'])
    entry['ipaconfigstring'] = change(list(entry['ipaconfigstring']))
    ldap.update_entry(entry)


def _strings(entry):
    return [text.lower() for text in entry.get('ipaconfigstring', [])]
