# SPDX-License-Identifier: GPL-3.0-or-later
"""The logs of ipa-healthcheck of several servers, which somebody has gathered in one folder."""
import json
import logging
from pathlib import Path

from ipahealthcheck.core.plugin import Registry

logger = logging.getLogger()


class ClusterRegistry(Registry):
    """`logs` are the results by file name without its ending; `unreadable` the names of files that are no such log."""

    def __init__(self):
        super().__init__()
        self.logs = {}
        self.unreadable = []

    def initialize(self, framework, config, options=None):
        super().initialize(framework, config, options)
        if 'list_sources' in options and options['list_sources']:
            return
        for file in sorted(Path(options['dir']).iterdir()):
            if file.is_file():
                self._read(file)

    def _read(self, file):
        try:
            results = json.loads(file.read_text(encoding='utf-8'))
            self.logs[file.stem] = [one for one in results if one['source'].split('.')[0] == __package__]
        except (OSError, ValueError, TypeError, KeyError) as error:
            logger.error('%s cannot be read: %s', file, error)
            self.unreadable.append(file.name)


registry = ClusterRegistry()
