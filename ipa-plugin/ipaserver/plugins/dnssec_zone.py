# SPDX-License-Identifier: GPL-3.0-or-later
from ipalib import _, errors, ngettext, output
from ipalib.frontend import Object
from ipalib.parameters import DNSNameParam, Flag, Str, StrEnum
from ipalib.plugable import Registry

from rollcall_ipa import changes, entries, views
from rollcall_ipa.command import KeyManagerMethod, shown, shown_lists, shown_requests, shown_truths

__doc__ = _("""
DNSSEC keys of zones

The keys of each signed zone, what happens to them next, and what waits for
whom. Keys are replaced when they are due; here an administrator asks for it
before that, and gets the DS records for the parent zone.

A request is written to the directory, and an agent takes it up: it is done, or
refused with the reason. While no agent answers it is pending, and not lost.

EXAMPLES:

 Show all zones:
   ipa dnssec-zone-find

 Show the keys of a zone and what they wait for:
   ipa dnssec-zone-show example.com

 Replace the key that signs a zone:
   ipa dnssec-zone-roll example.com --role=zsk

 Show the DS records for the parent:
   ipa dnssec-zone-ds example.com

 Say that the parent has them, where no agent can see that by itself:
   ipa dnssec-zone-ds example.com --published
""")

register = Registry()


def zone_name(name):
    """As agents know zones: absolute, lower case, internationalised names in their ASCII form."""
    return name.make_absolute().ToASCII().lower()


@register()
class dnssec_zone(Object):
    """A zone whose keys are managed."""

    object_name = _('zone with managed keys')
    object_name_plural = _('zones with managed keys')
    label = _('DNSSEC Zones')
    label_singular = _('DNSSEC Zone')

    takes_params = (
        DNSNameParam('zone', cli_name='zone', label=_('Zone'), primary_key=True),
        *shown(
            state=_('State'),
            policy=_('Policy'),
            signed_until=_('Signed until')),
        *shown_truths(insecure=_('To be insecure'), suspended=_('Suspended')),
        *shown_lists(keys=_('Keys'), ds_keys=_('Keys with a DS')),
        *shown(
            key_tag=_('Key tag'),
            role=_('Role'),
            generation=_('Generation'),
            key_algorithm=_('Algorithm'),
            stage=_('Stage'),
            records=_('Records'),
            made_by=_('Made by'),
            expires=_('Expires'),
            ds_sha256=_('DS'),
            ds_sha384=_('DS (SHA-384)'),
            cdnskey=_('CDNSKEY')),
        *shown_lists(
            ds_remove=_('DS to be removed (key tags)'),
            parent_everywhere=_('DS at every server of the parent (key tags)'),
            parent_somewhere=_('DS at some servers of the parent (key tags)')),
        *shown(parent_problem=_('Parent'), by_hand=_('DS confirmed by')),
        *shown_lists(next_roll=_('Next rollovers'), holds=_('What waits')),
        *shown(hold_step=_('Step'), held_why=_('Why'), hold_until=_('Until')),
        *shown_lists(requests=_('Requests'), alarms=_('Alarms')),
        *shown_requests(),
        *shown(source=_('According to')),
    )


class ZoneMethod(KeyManagerMethod):
    """A command about zones."""

    obj_name = 'dnssec_zone'

    def told_requests(self, zone):
        """A line about each of the newest requests."""
        asked = changes.about_zone(self.ldap, self.api.env, zone)
        hosts = self.hosts() if asked else {}
        return [self._line(one, changes.answer(self.ldap, self.api.env, one.id), hosts) for one in asked]

    @staticmethod
    def _line(asked, answer, hosts):
        line = '%s (%s): %s' % (asked.wish, asked.by, answer.state)
        if answer.by:
            line += str(_(' by %s')) % hosts.get(answer.by, answer.by)
        return '%s: %s' % (line, answer.why) if answer.why else line


@register()
class dnssec_zone_find(ZoneMethod):
    __doc__ = _('Show zones with managed keys.')

    attr_name = 'find'
    has_output = output.standard_list_of_entries
    msg_summary = ngettext('%(count)d zone with managed keys', '%(count)d zones with managed keys', 0)

    def get_args(self):
        yield Str('criteria?', doc=_('A string searched in the names of zones'))

    def execute(self, criteria=None, **options):
        view = views.cluster(self.ldap, self.api.env)
        self.warn(*view.notes)
        found = entries.zones(view.said, (criteria or '').lower())
        return {'result': found, 'count': len(found), 'truncated': False}


@register()
class dnssec_zone_show(ZoneMethod):
    __doc__ = _('Show the keys of a zone, what happens next, and what waits for whom.')

    attr_name = 'show'
    has_output = (output.Entry('result'),)

    def get_args(self):
        yield self.obj.primary_key.clone()

    def execute(self, zone, **options):
        view = views.zone(self.ldap, self.api.env, zone_name(zone))
        self.warn(*view.notes)
        return {'result': entries.zone(view, self.told_requests(zone_name(zone)))}


@register()
class dnssec_zone_roll(ZoneMethod):
    __doc__ = _('Ask for a new key of a zone, now.')

    attr_name = 'roll'
    has_output = (output.summary, output.Entry('result'))
    msg_summary = _('New key requested')

    takes_options = (
        StrEnum('role', cli_name='role', label=_('Role'), doc=_('Which key is replaced'), values=('ksk', 'zsk', 'csk')),
        Flag('emergency', label=_('Emergency'), doc=_('The key leaked: wait for caches, and leave out all margins.')),
    )

    def get_args(self):
        yield self.obj.primary_key.clone()

    def execute(self, zone, **options):
        name, role = zone_name(zone), options['role'].upper()
        view = views.zone(self.ldap, self.api.env, name)
        self.warn(*view.notes)
        generations = [key['generation'] for key in view.said['zone']['keys'] if key['role'] == role]
        if not generations:
            raise errors.ValidationError(name='role', error=_('zone %(zone)s has no %(role)s') % {
                'zone': name, 'role': role})
        about = {'rollcallrole': [role], 'rollcallgeneration': [str(max(generations))]}
        if options['emergency']:
            about['rollcallemergency'] = [True]
        return {'result': {'zone': name, **self.ask('roll', rollcallzone=[name], **about)}}


@register()
class dnssec_zone_ds(ZoneMethod):
    __doc__ = _('Show the DS records for the parent of a zone, or say that they are there.')

    attr_name = 'ds'
    has_output = (output.Entry('result'),)

    takes_options = (
        Flag('published', label=_('Published'),
             doc=_('Every server of the parent has the DS of the newest key; an agent that can ask them sees it itself.')),
    )

    def get_args(self):
        yield self.obj.primary_key.clone()

    def execute(self, zone, **options):
        view = views.zone(self.ldap, self.api.env, zone_name(zone))
        self.warn(*view.notes)
        entry = entries.ds(view)
        if options['published']:
            entry.update(self.ask('ds-published', rollcallzone=[zone_name(zone)],
                                  rollcallfingerprint=[self._awaited(view, zone)]))
        return {'result': entry}

    @staticmethod
    def _awaited(view, zone):
        """Fingerprint of the newest key whose DS the parent is to have."""
        wanted = {key['key'] for key in view.said['ds']['keys'] if key['wanted']}
        keys = [key for key in view.said['zone']['keys'] if key['key'] in wanted]
        if not keys:
            raise errors.ValidationError(name='published', error=_('no DS of zone %s is wanted at its parent') % zone)
        return max(keys, key=lambda key: key['generation'])['fingerprint']
