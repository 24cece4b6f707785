# SPDX-License-Identifier: GPL-3.0-or-later
"""What the commands of both objects share."""
from ipalib import _, messages
from ipalib.frontend import Method
from ipalib.parameters import Bool, Str
from ipalib.request import context

from rollcall_ipa import changes, views

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

    def ask(self, wish, **about):
        """Adds a request as the user and waits for its answer; gives what to print of it, or raises the refusal."""
        env = self.api.env
        principal = getattr(context, 'principal', None) or 'nobody'
        identity = changes.request(self.ldap, env, wish, str(principal), **about)
        answer = changes.await_answer(self.ldap, env, identity)
        host = self.hosts().get(answer.by)
        if answer.state == 'refused':
            raise changes.refusal(answer, host)
        if answer is changes.PENDING:
            self.warn(_('No agent has answered yet; the request stays, and one will take it up'))
        told = {'request': identity, 'request_state': answer.state}
        return {**told, 'answered_by': host} if host else told

    def hosts(self):
        """Host names of members by UUID."""
        said = views.cluster(self.ldap, self.api.env).said
        return {line['member']: line['host'] for line in said['members']}

    def warn(self, *reasons):
        """Adds messages that `ipa` prints before the result."""
        for reason in reasons:
            self.add_message(KeyManagerWarning(reason=str(reason)))


def host_name(text):
    """As agents are known: lower case, without the final dot."""
    return text.strip().lower().rstrip('.')


def shown_requests():
    """Parameters of what ask() gives."""
    return shown(request=_('Request'), request_state=_('State of the request'), answered_by=_('Answered by'))


def shown(**labels):
    """Parameters that are printed only, one text each."""
    return tuple(Str(name + '?', label=label, flags=_SHOWN_ONLY) for name, label in labels.items())


def shown_lists(**labels):
    """… several texts, or entries, each."""
    return tuple(Str(name + '*', label=label, flags=_SHOWN_ONLY) for name, label in labels.items())


def shown_truths(**labels):
    return tuple(Bool(name + '?', label=label, flags=_SHOWN_ONLY) for name, label in labels.items())
