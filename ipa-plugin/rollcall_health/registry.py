# SPDX-License-Identifier: GPL-3.0-or-later
"""Has the agent on this server look at the cluster, once for all checks of a run."""
import os

from ipahealthcheck.core.plugin import Registry

from rollcall_ipa import agent

# Seconds. The agent gives replicas that are dead 8 and all parents together 4: more than the 10 that a check
# may take. So it is asked before the checks begin.
PATIENCE = 30.0


class RollcallRegistry(Registry):
    """`findings` is what the agent found; None if it could not be asked, and `problem` says why."""

    def __init__(self):
        super().__init__()
        self.findings = None
        self.problem = 'it was not asked'

    def initialize(self, framework, config, options=None):
        super().initialize(framework, config, options)
        if _wanted(options or config):
            self._look()

    def _look(self):
        path = os.environ.get('ROLLCALL_SOCKET') or agent.DEFAULT_SOCKET
        try:
            self.findings = agent.ask_at(path, PATIENCE, 'health', {})['findings']
        except (agent.AgentUnavailable, agent.AgentRefused) as error:
            self.problem = '%s: %s' % (path, error)


def _wanted(options):
    """Not for a list of sources, old results, or the checks of others only."""
    source = options['source'] if 'source' in options else None
    ours = not source or source.split('.')[0] == __package__
    return ours and not any(name in options and options[name] for name in ('list_sources', 'infile'))


registry = RollcallRegistry()
