# SPDX-License-Identifier: GPL-3.0-or-later
"""Recipes of ipa-advise: where to look when DNSSEC is in trouble, and how to move the key manager. Scripts for sh."""
from ipalib import api
from ipalib.plugable import Registry
from ipapython.dn import DN
from ipaserver.advise.base import Advice

register = Registry()

CHECKS = 'rollcall_health.checks'


class Recipe(Advice):
    """Parts that recipes share."""

    def step(self, why, *commands):
        self.log.comment(why)
        for command in commands:
            self.log.command(command)

    def check(self, why, name):
        self.step(why, 'ipa-healthcheck --source %s --check %s --output-type human' % (CHECKS, name))

    def ticket(self):
        self.step('As any user who has a Kerberos ticket, on a server with Rollcall; for "rollcall" and '
                  '"ipa-healthcheck" also as root.', 'klist -s || kinit')


@register()
class health_check_dnssec(Recipe):
    description = 'Looks at zones, keys, signatures and DS records that Rollcall looks after.'

    def get_info(self):
        self.ticket()
        self.step('All that is wrong now, each with its cure; 0 ok, 1 warning, 2 critical, 3 unknown:', 'rollcall health')
        self.step('What every server found last, from anywhere:', 'ipa health')
        self.step('Zones that are signed, rolling or held, and why:', 'ipa dnssec-zone-find')
        self.step('Who makes the keys, when, and what is in the way:', 'ipa dnssec-keymanager-info --all')
        self.step('The set-up of this server, with the line that mends it:', 'rollcall check')
        self.check('DS records at the parents:', 'RollcallParentCheck')
        self.check('Signatures that expire:', 'RollcallSignaturesCheck')
        self.check("What the other members' DNS servers give:", 'RollcallServersCheck')


@register()
class health_check_replication(Recipe):
    description = 'Looks at replication of the directory as DNSSEC keys depend on it.'

    def get_info(self):
        self.ticket()
        self.check('Writes a probe, awaits it at every replica, and compares their entries:', 'RollcallReplicationCheck')
        self.check('Servers of which nothing is heard, and what waits for them:', 'RollcallMembersCheck')
        self.step('All servers and their last heartbeats:', 'rollcall members', 'ipa dnssec-keymanager-find')
        self.step('Entries that lost a conflict of replication; the one that is not wanted is to be deleted:',
                  "ldapsearch -Q -LLL -Y GSSAPI -H ldap://%s -b '%s' "
                  "'(&(objectClass=ldapSubEntry)(nsds5ReplConflict=*))' nsds5ReplConflict" % (
                      api.env.host, DN(api.env.container_dns, api.env.basedn)))
        self.step('Whether the topology connects all servers:', 'ipa topologysuffix-verify domain')


@register()
class health_check_cert(Recipe):
    description = "Looks at certificates and Kerberos keys by which Rollcall's agents reach the directory."

    def get_info(self):
        self.ticket()
        self.step('The certificate of the directory: to whom, until when; fails if that is within a week:',
                  'openssl s_client -connect %(host)s:636 -servername %(host)s < /dev/null 2> /dev/null | '
                  'openssl x509 -noout -subject -enddate -checkend 604800' % {'host': api.env.host})
        self.step('Whether the CA of IPA vouches for it, and for that name:',
                  'openssl s_client -connect %(host)s:636 -verify_hostname %(host)s -verify_return_error -brief '
                  '-CAfile /etc/ipa/ca.crt < /dev/null' % {'host': api.env.host})
        self.step('The certificates that certmonger renews, as root:', 'getcert list')
        self.step("The keys of the agent's principal: \"keytab\" of its configuration says where.",
                  'keytab=$(sed -n \'s/^keytab *= *"\\(.*\\)"/\\1/p\' /etc/rollcall/rollcalld.toml)',
                  '[ -z "$keytab" ] || klist -k -t "$keytab"')
        self.check('Whether the agent may write to the directory with that:', 'RollcallReplicationCheck')
        self.check('CAs that answer, which one renews certificates, and which one generates the CRL:', 'RollcallDutiesCheck')
        self.check('The clock, without which neither is valid:', 'RollcallMachineCheck')


@register()
class move_dnssec_keymanager(Recipe):
    description = 'Appoints another server to make the DNSSEC keys: script HOST FAILOVER.'

    def get_info(self):
        self.ticket()
        self.log.comment('Call this script with two host names: of the server that shall make the keys, and of the one that '
                         'does so while the first is silent.')
        self.log.command('host=${1:?the server that shall make the keys} failover=${2:?the server that stands in for it}')
        self.step('Who makes the keys now, and who can:', 'ipa dnssec-keymanager-info', 'ipa dnssec-keymanager-find')
        self.step('Keys that are in use stay in use, and no key moves: only who makes the next ones changes.',
                  'ipa dnssec-keymanager-set "$host" --failover="$failover"')
        self.step('What has come of it:', 'ipa dnssec-keymanager-info')
        self.log.comment('To leave it to all servers again: ipa dnssec-keymanager-set --random')
