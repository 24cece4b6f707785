# SPDX-License-Identifier: GPL-3.0-or-later
"""Every `ipa` command that the README shows is run as it stands there, with the names of the lab."""
import re
import shlex

import pytest

from conftest import ROOT
from faultlib import PATIENCE
from ipatree import DNS_ADMIN
from labtest import await_that

NAMES = {**{f"{name}.example.com": f"{name}.lab.test" for name in "abc"}, "example.com": "example.test"}

# What a healthy lab refuses, and how: its agents see a DS themselves, and no server is gone.
REFUSED = {"--published": "no DS of zone example.test. is awaited", "-forget ": "c.lab.test is alive: its heartbeats arrive"}


def shown_commands() -> list[str]:
    section = re.search(r"^## On FreeIPA$(.*?)^## ", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)
    assert section
    lines = [line.split("#")[0].strip() for line in section[1].splitlines()]
    return [line for line in lines if line.startswith("ipa ")]


def test_the_readme_shows_every_command(with_agent):
    used = {line.split()[1].replace("-", "_") for line in shown_commands()}
    assert used == {command.name for command in with_agent.api.Command()}


@pytest.mark.parametrize("line", shown_commands())
def test_a_command_of_the_readme_works(with_agent, cluster, line):
    for name, ours in NAMES.items():
        line = re.sub(rf"(?<![\w.]){re.escape(name)}", ours, line)
    if "-roll " in line:
        await_that("the zone signs with its keys", lambda: cluster.is_signed("example.test."), PATIENCE)
    if line == "ipa health":
        cluster.ask("a", "health")
    done = with_agent.ipa(DNS_ADMIN, *shlex.split(line)[1:])
    reason = next((reason for words, reason in REFUSED.items() if words in line), None)
    assert done.returncode == (1 if reason else 0), done.stdout + done.stderr
    assert not reason or ("refused the request" in done.stderr and reason in done.stderr)
