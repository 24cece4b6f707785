# SPDX-License-Identifier: GPL-3.0-or-later
"""Stands in for IPA's Backend.ldap2, which is part of ipaserver: the same LDAP layer, bound as the user who asks."""
from ipalib.backend import Connectible
from ipalib.plugable import Registry
from ipapython.dn import DN
from ipapython.ipaldap import LDAPClient

register = Registry()


@register()
class ldap2(Connectible):
    def create_connection(self, bind_dn, password):
        client = LDAPClient(self.api.env.ldap_uri)
        client.simple_bind(DN(bind_dn), password)
        return client

    def destroy_connection(self):
        self.conn.close()

    def __getattr__(self, name):
        if name == 'conn':
            raise AttributeError(name)
        return getattr(self.conn, name)
