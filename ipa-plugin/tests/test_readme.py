# SPDX-License-Identifier: GPL-3.0-or-later
"""Every command that the README shows for FreeIPA is run as it stands there, with the names of the lab; or said not to be."""
import re
import shlex
import shutil
import subprocess
from pathlib import Path
from typing import Iterator

import ipaclient
import pytest

from conftest import ROOT
from faultlib import PATIENCE, Cluster
from ipatree import DNS_ADMIN
from labtest import await_that, processes_below, short_directory
from lablib.cli import find_binaries
from lablib.client import Lab
from lablib.layout import Spec

SECTION = re.search(r"^## On FreeIPA$(.*?)^## ", (ROOT / "README.md").read_text(encoding="utf-8"), re.M | re.S)[1]
FENCE = r"^ *```(\w*)\n(.*?)^ *```$"
NAMES = {**{f"{name}.example.com": f"{name}.lab.test" for name in "abc"}, "example.com": "example.test"}

OURS = ("ipa dnssec-", "ipa health")
STOCK = ("ipa role-", "ipa service-", "ipa dnszone-mod ")  # what the tests do in their place is in the README
RUN_ELSEWHERE = {"ipa-healthcheck ": "test_healthcheck.py::test_the_commands_of_the_readme_work",
                 "ipa-clustercheck ": "test_healthcheck.py::test_the_commands_of_the_readme_work",
                 "ipa-advise ": "test_advise.py::test_the_readme_shows_them",
                 "sh move.sh ": "test_advise.py::test_the_move_appoints_whom_it_is_told",
                 "sh /usr/local/share/rollcall/ipa-plugin/install": "test_tree.py::test_the_installer_puts_every_file_in_its_place",
                 "systemctl enable --now rollcall-health.timer":
                     "../../integration/test_install.py::test_what_is_enabled_is_back_after_a_reboot"}
NOT_RUN = ("ipa-server-upgrade", "ipa-getkeytab ", "ipa-dns-install ")

# What a healthy lab refuses, and how: its agents see a DS themselves, and no server is gone.
REFUSED = {"--published": "no DS of zone example.test. is awaited", "-forget ": "c.lab.test is alive: its heartbeats arrive"}


def in_blocks() -> list[str]:
    lines = [line.split(" #")[0].strip() for kind, text in re.findall(FENCE, SECTION, re.M | re.S) if kind != "toml"
             for line in text.splitlines()]
    return [re.sub(r"^17 \* \* \* \* +root +", "", line) for line in lines]  # of cron


def in_prose() -> list[str]:
    quoted = re.findall(r"`([^`]+)`", re.sub(FENCE, "", SECTION, flags=re.M | re.S))
    words = (re.sub(r"\s+", " ", one) for one in quoted)
    return [one for one in words if re.match(r"(rollcall|systemctl|ipa-dns-install|ipa dnszone-mod) .*", one)]


def commands(*beginnings: str) -> list[str]:
    return list(dict.fromkeys(line for line in [*in_blocks(), *in_prose()] if line.startswith(beginnings)))


def with_our_names(line: str) -> str:
    for name, ours in NAMES.items():
        line = re.sub(rf"(?<![\w.]){re.escape(name)}", ours, line)
    return line


def test_no_command_is_forgotten():
    known = commands(*OURS, *STOCK, *RUN_ELSEWHERE, *NOT_RUN, "rollcall ")
    assert set(known) == {*in_blocks(), *in_prose()}
    not_run = SECTION[SECTION.index("Not run, since"):]
    for beginning in (*STOCK, *NOT_RUN):
        assert f"`{beginning.strip()}" in not_run, beginning
    for beginning, test in RUN_ELSEWHERE.items():
        file, name = test.split("::")
        assert commands(beginning) and f"def {name}(" in (Path(__file__).parent / file).read_text(), beginning


def test_the_section_says_in_which_order_and_what_is_not_there():
    words = re.sub(r"\s+", " ", SECTION)
    assert "**Order matters**: install, join, and only then let the server answer" in words
    assert "no page in the Web UI" in words


# --- of ipa

def test_the_readme_shows_every_command(with_agent):
    used = {line.split()[1].replace("-", "_") for line in commands(*OURS)}
    assert used == {command.name for command in with_agent.api.Command()}


@pytest.mark.parametrize("line", commands(*OURS))
def test_a_command_of_the_readme_works(with_agent, cluster, line):
    line = with_our_names(line)
    if "-roll " in line:
        await_that("the zone signs with its keys", lambda: cluster.is_signed("example.test."), PATIENCE)
    if line == "ipa health":
        cluster.ask("a", "health")
    done = with_agent.ipa(DNS_ADMIN, *shlex.split(line)[1:])
    reason = next((reason for words, reason in REFUSED.items() if words in line), None)
    assert done.returncode == (1 if reason else 0), done.stdout + done.stderr
    assert not reason or ("refused the request" in done.stderr and reason in done.stderr)


@pytest.mark.parametrize("line", commands(*STOCK))
def test_what_ipa_brings_has_this_command_with_these_options(line):
    """As its client knows them: there is no server."""
    command, *words = shlex.split(line)[1:]
    sources = "".join(file.read_text() for file in Path(ipaclient.__file__).parent.glob("remote_plugins/2_164/*.py"))
    body = re.search(rf"^class {command.replace('-', '_')}\(.*?(?=^class |\Z)", sources, re.M | re.S)[0]
    for option in (word[2:].split("=")[0] for word in words if word.startswith("--")):
        assert f"cli_name='{option}'" in body, option


# --- of rollcall

@pytest.fixture(scope="module")
def pair() -> Iterator[Cluster]:
    """Two servers on which nothing was done yet."""
    place = short_directory()
    lab = Lab.up(Spec(str(place), find_binaries(), 2, ["example.test"], zone_ttl=2, negative_ttl=1, parent_ttl=2, engine="389ds"))
    try:
        yield Cluster(lab)
    finally:
        lab.down()
    assert processes_below(place) == []
    shutil.rmtree(place)


def test_the_commands_of_rollcall_work_one_after_the_other(pair, tmp_path):
    """From two machines in no cluster to a zone that leaves DNSSEC."""
    left = commands("rollcall ")

    def run(who: str, line: str, code: int = 0, **words: str) -> "subprocess.CompletedProcess[str]":
        left.remove(line)
        for word, ours in words.items():
            line = line.replace(word, ours)
        done = pair.cli(who, *shlex.split(with_our_names(line))[1:])
        assert done.returncode == code, done.stdout + done.stderr
        return done

    run("a", "rollcall init")
    await_that("a serves", lambda: pair.status("a")["may_write"], PATIENCE)
    token = run("a", "rollcall invite").stdout.strip()
    run("b", "rollcall join TOKEN", TOKEN=token)
    await_that("both serve", lambda: [line["serving"] for line in pair.status("a")["members"]] == [True, True], PATIENCE)

    pair.add("a", "example.test.")
    await_that("the zone has keys", lambda: len(pair.zone("a")["keys"]) == 2, PATIENCE)
    assert "KSK" in run("a", "rollcall status example.com").stdout
    alive = run("a", "rollcall forget HOST", 1, HOST="b.lab.test")
    assert "b.lab.test is alive" in alive.stderr
    await_that("nothing is wrong", lambda: pair.cli("a", "health").returncode == 0, PATIENCE)
    assert run("a", "rollcall health").stdout.startswith("ROLLCALL OK")
    assert run("a", "rollcall --json health").stdout.startswith("{")
    assert run("a", "rollcall health --changed").stdout == ""  # nothing did
    run("b", "rollcall zone insecure example.com")
    await_that("a follows", lambda: pair.zone("a")["insecure"], PATIENCE)
    assert left == ["rollcall zone"]  # a part of commands, not one


def test_the_configuration_of_the_readme_is_one(tmp_path):
    (shown,) = [text for kind, text in re.findall(FENCE, SECTION, re.M | re.S) if kind == "toml"]
    (file := tmp_path / "rollcalld.toml").write_text("".join(line.strip() + "\n" for line in shown.splitlines()))
    done = subprocess.run([Path(find_binaries()) / "rollcalld", "--config", file, "--check-config"], capture_output=True, text=True,
                          check=False)
    assert (done.returncode, done.stderr) == (0, "")
