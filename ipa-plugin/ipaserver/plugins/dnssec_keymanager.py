# SPDX-License-Identifier: GPL-3.0-or-later
from ipalib import _, errors, ngettext, output
from ipalib.frontend import Object
from ipalib.parameters import Flag, Str
from ipalib.plugable import Registry
from ipapython.dn import DN

from rollcall_ipa import changes, entries, masters, tree, views
from rollcall_ipa.command import KeyManagerMethod, host_name, shown, shown_lists, shown_requests, shown_truths

__doc__ = _("""
DNSSEC key manager

Every DNS server of the domain has an agent of Rollcall, which makes DNSSEC
keys and uses one only when all servers have it. These commands show who makes
the next keys, and appoint who does. An appointment is a priority, never a
lock: while the appointed server is silent its fail-over servers make the keys.

EXAMPLES:

 Show who makes the keys, and when:
   ipa dnssec-keymanager-info

 Have one server make the keys, and another one while that is silent:
   ipa dnssec-keymanager-set a.example.com --failover=b.example.com

 Have any server make them, at random times:
   ipa dnssec-keymanager-set --random

 Show all servers with an agent:
   ipa dnssec-keymanager-find

 Give up a server that is gone for good, so that nobody waits for it any more:
   ipa dnssec-keymanager-forget c.example.com
""")

register = Registry()


def _permission(location, rights, attributes=(), **more):
    """A template of update_managed_permissions."""
    return {
        'non_object': True,
        'ipapermlocation': location,
        'ipapermbindruletype': 'permission',
        'ipapermright': rights,
        'ipapermdefaultattr': set(attributes),
        'default_privileges': {'DNS Administrators', 'DNSSEC Key Manager Administrators'},
        **more,
    }


@register()
class dnssec_keymanager(Object):
    """The agents, together."""

    object_name = _('DNSSEC key manager')
    object_name_plural = _('DNSSEC key managers')
    label = _('DNSSEC Key Managers')
    label_singular = _('DNSSEC Key Manager')

    takes_params = (
        Str('replica', cli_name='replica', label=_('Server'), primary_key=True, normalizer=host_name),
        *shown(
            appointed_server=_('Appointed server'),
            next_server=_('Server whose turn is next'),
            keys_store=_('Keys store'),
            last_keys_made=_('Last time keys generated'),
            next_keys=_('Next time keys need to be generated'),
            mode=_('Mode')),
        *shown_lists(failover=_('Fail-over servers'), members=_('Members')),
        *shown(
            appointment=_('Appointment'),
            last_heartbeat=_('Last heartbeat'),
            agent_version=_('Agent version'),
            member=_('Member UUID')),
        *shown_truths(serving=_('Serves DNS'), silent=_('Silent')),
        *shown_lists(
            zones_signed=_('Zones signed'),
            zones_rolling=_('Zones rolling'),
            zones_unsigned=_('Zones unsigned'),
            zones_held=_('Zones held')),
        *shown(held_zone=_('Zone'), held_why=_('Why')),
        *shown_lists(alarms=_('Alarms')),
        *shown_lists(forgotten=_('Servers given up')),
        *shown_requests(),
        *shown(
            master_key=_('Epoch of the master key'),
            cluster=_('Cluster UUID'),
            source=_('According to')),
    )

    @property
    def managed_permissions(self):
        """What update_managed_permissions makes permissions of. Everybody who logged in may read."""
        base, services = tree.base(self.api.env), DN(self.api.env.container_masters, self.api.env.basedn)
        return {
            'System: Appoint DNSSEC Key Manager': _permission(
                base, {'write'}, {'rollcallmode', 'rollcallappointed'}, ipapermtarget=DN(('cn', 'config'), base)),
            'System: Request DNSSEC Key Changes': _permission(
                base, {'add'}, ipapermtarget=DN(('cn', '*'), ('cn', 'requests'), base),
                ipapermtargetfilter={'(objectclass=rollcallRequest)'}),
            # Agents, which are of the privilege DNS Servers, compare servers with members and follow the switches of zones.
            'System: Read DNSSEC Key Manager Services': _permission(
                services, {'read', 'search', 'compare'}, {'objectclass', 'cn', 'ipaconfigstring'},
                default_privileges={'DNS Servers', 'DNS Administrators', 'DNSSEC Key Manager Administrators'}),
            'System: Read DNSSEC Switches of Zones': _permission(
                DN(self.api.env.container_dns, self.api.env.basedn), {'read', 'search', 'compare'},
                {'objectclass', 'idnsname', 'idnssecinlinesigning'},
                ipapermtargetfilter={'(|(objectclass=idnsZone)(objectclass=idnsSecKey))'},
                default_privileges={'DNS Servers'}),
            'System: Flag DNSSEC Key Manager Services': _permission(
                services, {'write'}, {'ipaconfigstring'},
                ipapermtarget=DN(('cn', masters.SERVICE), ('cn', '*'), services)),
        }


@register()
class dnssec_keymanager_info(KeyManagerMethod):
    __doc__ = _('Show who makes DNSSEC keys, when, and what is in the way.')

    obj_name = 'dnssec_keymanager'
    attr_name = 'info'
    has_output = (output.Entry('result'),)

    def get_args(self):
        return iter(())

    def execute(self, **options):
        view = views.cluster(self.ldap, self.api.env)
        self.warn(*view.notes, *self._flags_amiss(view.said))
        return {'result': entries.info(view, options.get('all', False))}

    def _flags_amiss(self, said):
        """The flag in cn=masters is for others to see; two of them, or another one, mislead."""
        flagged = masters.flagged(self.ldap, self.api.env)
        appointed = said['appointed_server'] and said['appointed_server']['host']
        if len(flagged) > 1:
            yield _('More than one server is marked as appointed in cn=masters: %s; set the appointment again'
                    ) % ', '.join(flagged)
        elif flagged and flagged != [appointed]:
            yield _('%(flagged)s is marked as appointed in cn=masters, but %(appointed)s is; set the appointment again'
                    ) % {'flagged': flagged[0], 'appointed': appointed or _('nobody')}


@register()
class dnssec_keymanager_set(KeyManagerMethod):
    __doc__ = _('Appoint the server that makes DNSSEC keys, or leave it to chance.')

    obj_name = 'dnssec_keymanager'
    attr_name = 'set'
    has_output = (output.summary, output.Entry('result'))
    msg_summary = _('DNSSEC key manager set')

    takes_options = (
        Str('failover*', cli_name='failover', label=_('Fail-over servers'), normalizer=host_name,
            doc=_('Server that makes the keys while those before it are silent. The present ones are kept if none is given.')),
        Flag('random', label=_('Random'), doc=_('Any server makes the keys, at random times.')),
    )

    def get_args(self):
        yield self.obj.primary_key.clone(required=False, query=False)

    def execute(self, *args, **options):
        replica = args[0] if args else None
        failover = options.get('failover')
        self._check_words(replica, failover, options['random'])
        view = views.cluster(self.ldap, self.api.env)
        lines = [] if options['random'] else self._wanted(view.said, replica, failover)
        changes.appoint(self.ldap, self.api.env, [line['member'] for line in lines])
        self._mirror(lines)
        self.warn(*view.notes, *self._doubts(lines))
        result = {'mode': 'appointed' if lines else 'random'}
        if lines:
            result['appointed_server'] = lines[0]['host']
            result['failover'] = [line['host'] for line in lines[1:]]
        return {'result': result}

    @staticmethod
    def _check_words(replica, failover, random):
        if random and (replica or failover):
            raise errors.MutuallyExclusiveError(reason=_('--random has neither a server nor fail-over servers'))
        if not random and not replica:
            raise errors.RequirementError(name='replica')
        names = [replica, *(failover or ())]
        twice = next((name for name in names if names.count(name) > 1), None)
        if twice:
            raise errors.ValidationError(name='failover', error=_('%s is named twice') % twice)

    def _wanted(self, said, replica, failover):
        """The LINEs of members, the appointed one first. Without new fail-over servers the present ones are kept."""
        if failover is None:
            kept = [member['host'] for member in said['appointed'][1:]]
            failover = [host for host in kept if host != replica and views.member_named(said, host)]
        return [self._member(said, host) for host in [replica, *failover]]

    def _member(self, said, host):
        masters.check(self.ldap, self.api.env, host)
        line = views.member_named(said, host)
        if line is None:
            raise masters.without_agent(host)
        return line

    def _mirror(self, lines):
        """The appointment holds without it: whoever may not write there is told, not refused."""
        try:
            masters.flag_only(self.ldap, self.api.env, lines[0]['host'] if lines else None)
        except (errors.ACIError, errors.NotFound) as error:
            self.warn(_('The appointment is made, but not marked in cn=masters: %s') % error)

    @staticmethod
    def _doubts(lines):
        for line in lines:
            if not line['fresh']:
                yield _('%s is silent at present') % line['host']
        if len(lines) == 1:
            yield _('There is no fail-over server: while %s is silent the others make keys only at the very end'
                    ) % lines[0]['host']


@register()
class dnssec_keymanager_find(KeyManagerMethod):
    __doc__ = _('Show the servers with an agent.')

    obj_name = 'dnssec_keymanager'
    attr_name = 'find'
    has_output = output.standard_list_of_entries
    msg_summary = ngettext('%(count)d server with a DNSSEC key manager', '%(count)d servers with a DNSSEC key manager', 0)

    def get_args(self):
        yield Str('criteria?', doc=_('A string searched in the names of servers'))

    def execute(self, criteria=None, **options):
        view = views.cluster(self.ldap, self.api.env)
        self.warn(*view.notes)
        lines = [line for line in view.said['members'] if line['in_roster'] and (criteria or '').lower() in line['host']]
        found = [entries.member(line, view.said) for line in sorted(lines, key=lambda line: line['host'])]
        return {'result': found, 'count': len(found), 'truncated': False}


@register()
class dnssec_keymanager_forget(KeyManagerMethod):
    __doc__ = _('Give up servers that are gone for good.')

    obj_name = 'dnssec_keymanager'
    attr_name = 'forget'
    has_output = (output.summary, output.Entry('result'))
    msg_summary = _('Servers are given up once every other one has agreed')

    takes_options = (
        Flag('force', label=_('Force'), doc=_('Also if such a server still seems to answer: you know that it is off for good.')),
    )

    def get_args(self):
        yield Str('replica+', cli_name='replica', label=_('Server'), normalizer=host_name)

    def execute(self, *args, **options):
        view = views.cluster(self.ldap, self.api.env)
        self.warn(*view.notes)
        lines = [self._member(view.said, host) for host in args[0]]
        about = {'rollcallabout': [line['member'] for line in lines]}
        if options['force']:
            about['rollcallforce'] = [True]
        return {'result': {'forgotten': [line['host'] for line in lines], **self.ask('forget', **about)}}

    @staticmethod
    def _member(said, host):
        """The server itself may be gone from cn=masters already: what counts is that it is a member."""
        line = views.member_named(said, host)
        if line is None:
            raise errors.NotFound(reason=_('%s: no DNSSEC key manager is a member by this name') % host)
        return line
