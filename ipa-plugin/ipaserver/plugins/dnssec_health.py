# SPDX-License-Identifier: GPL-3.0-or-later
from datetime import datetime, timezone

from ipalib import _, output
from ipalib.frontend import Object
from ipalib.plugable import Registry

from rollcall_ipa import health as last
from rollcall_ipa.command import KeyManagerMethod, shown, shown_lists

__doc__ = _("""
Health of the DNSSEC key managers

Agents look at every replica of the directory, at each other and at the parent
zones, and leave what they found in the directory. Nothing is started on a
server from here: what is shown is the last check, and when it was.

EXAMPLES:

 Show what is wrong, and what to do about it:
   ipa health
""")

register = Registry()


@register()
class dnssec_health(Object):
    """The last health check."""

    object_name = _('health check')
    object_name_plural = _('health checks')
    label = _('Health Checks')
    label_singular = _('Health Check')

    takes_params = (
        *shown(level=_('Health')),
        *shown_lists(findings=_('Findings'), replicas=_('Directories'), checks=_('Last checks')),
        *shown(
            cas=_('Certificate authorities'),
            renewal=_('Renews certificates'),
            crl=_('Generates the CRL'),
            ad_sync=_('Synchronises with AD'),
            ad_trust=_('AD that is trusted')),
        *shown(age=_('Age'), finding_level=_('Level'), about=_('About'), finding=_('Finding'), cure=_('Cure')),
    )


@register()
class health(KeyManagerMethod):
    __doc__ = _('Show what the last health check of an agent found, and the cures.')

    obj_name = 'dnssec_health'
    attr_name = 'show'
    has_output = (output.Entry('result'),)

    def get_args(self):
        return iter(())

    def execute(self, **options):
        checks = last.checks(self.ldap, self.api.env)
        if not checks:
            raise last.none_yet()
        now = datetime.now(timezone.utc)
        if now - checks[0].at > last.OLD:
            self.warn(_('The newest health check is of %s: agents, their timer or replication have stopped')
                      % checks[0].said['now'])
        return {'result': last.entry(checks, now)}
