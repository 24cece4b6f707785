# SPDX-License-Identifier: GPL-3.0-or-later
"""Asks the agent on this server: one JSON object a line over its Unix socket, one answer."""
import json
import socket

DEFAULT_SOCKET = '/run/rollcall/rollcall.sock'
PROTOCOL = 1
PATIENCE = 3.0  # seconds; it answers from memory


class AgentUnavailable(Exception):
    """No agent answers here. `installed` tells whether one should: its socket is there."""

    def __init__(self, why, installed):
        super().__init__(why)
        self.installed = installed


class AgentRefused(Exception):
    """The agent's own no. `code` is one of not_found, malformed, conflict, denied, unavailable."""

    def __init__(self, error):
        super().__init__(error.get('what', ''))
        self.code = error.get('code', '')


def ask(env, verb, **args):
    """Asks a verb that only looks.

    env     The API's; `rollcall_socket` of IPA's configuration files says where the socket is.
    return  The answer as rollcall's `--json` prints it.
    """
    return ask_at(getattr(env, 'rollcall_socket', DEFAULT_SOCKET), PATIENCE, verb, args)


def ask_at(path, patience, verb, args):
    """… of the agent behind a socket; `patience` is in seconds."""
    question = json.dumps({'v': PROTOCOL, 'verb': verb, 'args': args}).encode('utf-8') + b'\n'
    answer = _read(_exchange(path, question, patience))
    if 'error' in answer:
        raise AgentRefused(answer['error'])
    return answer['ok']


def _exchange(path, question, patience):
    with socket.socket(socket.AF_UNIX) as connection:
        connection.settimeout(patience)
        try:
            connection.connect(path)
        except FileNotFoundError as error:
            raise AgentUnavailable(str(error), installed=False) from None
        except OSError as error:
            raise AgentUnavailable(error.strerror or str(error), installed=True) from None
        try:
            connection.sendall(question)
            with connection.makefile('rb') as answers:
                return answers.readline()
        except OSError as error:
            raise AgentUnavailable(str(error), installed=True) from None


def _read(line):
    try:
        answer = json.loads(line)
    except ValueError:
        raise AgentUnavailable('it broke off', installed=True) from None
    if not isinstance(answer, dict) or not ('ok' in answer or 'error' in answer):
        raise AgentUnavailable('it answers something else', installed=True)
    return answer
