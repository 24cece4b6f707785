# SPDX-License-Identifier: GPL-3.0-or-later
"""As much of ipaserver.advise.base as our recipes use; Debian has no ipaserver. Each recipe becomes a script."""
import importlib.util
import sys
from pathlib import Path
from types import ModuleType, SimpleNamespace

import ipalib
from ipapython.dn import DN

FILE = Path(__file__).resolve().parents[1] / "ipaserver" / "advise" / "plugins" / "dnssec_keymanager.py"


class Log:
    """The lines of a script."""

    def __init__(self):
        self.lines = []
        self.commands = []

    def comment(self, text):
        self.lines += [f"# {line}" for line in text.splitlines()]

    def command(self, line):
        self.lines.append(line)
        self.commands.append(line)


class Advice:
    description = ""

    def __init__(self):
        self.log = Log()


def recipes(host, basedn):
    """Those of our file that are registered, by the names that ipa-advise gives them; their get_info() has run."""
    module = _load(SimpleNamespace(env=SimpleNamespace(host=host, basedn=DN(basedn), container_dns=DN("cn=dns"))))
    found = {}
    for plugin in module.register:
        recipe = plugin["plugin"]()
        recipe.get_info()
        found[type(recipe).__name__.replace("_", "-")] = recipe
    return found


def _load(api):
    """The module with the double of its base class, and this api as that of ipalib."""
    base = ModuleType("ipaserver.advise.base")
    base.Advice = Advice
    kept, kept_api = dict(sys.modules), ipalib.api
    sys.modules.update({"ipaserver": ModuleType("ipaserver"), "ipaserver.advise": ModuleType("ipaserver.advise"), base.__name__: base})
    ipalib.api = api
    try:
        spec = importlib.util.spec_from_file_location("rollcall_recipes", FILE)
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        return module
    finally:
        ipalib.api = kept_api
        for name in ("ipaserver", "ipaserver.advise", base.__name__):
            sys.modules.pop(name)
            if name in kept:
                sys.modules[name] = kept[name]
