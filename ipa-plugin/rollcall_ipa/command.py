# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands of both objects share."""
from ipalib import _, messages
from ipalib.frontend import Method
from ipalib.parameters import Bool, Str

_SHOWN_ONLY = {'virtual_attribute', 'no_create', 'no_update', 'no_search'}


class KeyManagerWarning(messages.PublicMessage):
    """Something that the administrator should think about."""

    errno = 19401
    type = 'warning'
    format = _('%(reason)s')


class KeyManagerMethod(Method):
    """A command that reads and writes as the user who calls it."""

    @property
    def ldap(self):
        return self.api.Backend.ldap2

    def warn(self, *reasons):
        """Adds messages that `ipa` prints before the result."""
        for reason in reasons:
            self.add_message(KeyManagerWarning(reason=str(reason)))


def host_name(text):
    """As agents are known: lower case, without the final dot."""
    return text.strip().lower().rstrip('.')


def shown(**labels):
    """Parameters that are printed only, one text each."""
    return tuple(Str(name + '?', label=label, flags=_SHOWN_ONLY) for name, label in labels.items())


def shown_lists(**labels):
    """… several texts, or entries, each."""
    return tuple(Str(name + '*', label=label, flags=_SHOWN_ONLY) for name, label in labels.items())


def shown_truths(**labels):
    return tuple(Bool(name + '?', label=label, flags=_SHOWN_ONLY) for name, label in labels.items())
