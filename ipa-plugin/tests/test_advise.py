# SPDX-License-Identifier: GPL-3.0-or-later
"""The recipes of ipa-advise: sh parses them, what they name exists, and their commands run against a real cluster."""
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import ipaclient
import pytest

import advice
import ipatree
from conftest import ROOT, host
from lablib import ds389

HERE = Path(__file__).resolve().parent
RECIPES = advice.recipes(host("a"), ipatree.SUFFIX)
COMMANDS = [(name, line) for name, recipe in RECIPES.items() for line in recipe.log.commands]

# Of what only an IPA server or a user with a ticket has: that it exists is tested, not that it works.
NOT_RUN = ("klist -s", "getcert ", "ipa topologysuffix-verify ")


def commands_of(program):
    return [shlex.split(line)[1:] for _, line in COMMANDS if line.startswith(program + " ")]


def test_all_four_are_there():
    assert sorted(RECIPES) == ["health-check-cert", "health-check-dnssec", "health-check-replication", "move-dnssec-keymanager"]
    assert all(recipe.description for recipe in RECIPES.values())


def test_the_readme_shows_them():
    shown = re.findall(r"^ipa-advise (\S+)", (ROOT / "README.md").read_text(), re.M)
    assert sorted(shown) == sorted(RECIPES)


@pytest.mark.parametrize("name", RECIPES)
def test_sh_parses_the_script(name):
    done = subprocess.run(["sh", "-n"], input="\n".join(RECIPES[name].log.lines), capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("line", sorted({line for _, line in COMMANDS}))
def test_sh_parses_every_command(line):
    assert subprocess.run(["sh", "-n", "-c", line], capture_output=True, check=False).returncode == 0


def test_the_commands_of_ipa_exist():
    ours = "".join(file.read_text() for file in (HERE.parent / "ipaserver" / "plugins").glob("*.py"))
    stock = "".join(file.read_text() for file in Path(ipaclient.__file__).parent.glob("remote_plugins/2_164/*.py"))
    for command, *_ in commands_of("ipa"):
        assert f"class {command.replace('-', '_')}(" in ours + stock, command


def test_the_checks_of_ipa_healthcheck_exist():
    listed = subprocess.run([sys.executable, HERE / "healthcheck", "ipahealthcheck.registry", "--list-sources"], text=True,
                            env={**os.environ, "PYTHONPATH": str(HERE.parent)}, capture_output=True, check=True).stdout.split()
    named = commands_of("ipa-healthcheck")
    assert len(named) >= 6
    for words in named:
        assert words[words.index("--source") + 1] in listed and words[words.index("--check") + 1] in listed


def test_the_programs_exist():
    for program in ("klist", "kinit", "openssl", "ldapsearch", "getcert", "sed"):
        assert shutil.which(program), program
        assert any(program in line for _, line in COMMANDS), program


@pytest.fixture(scope="module")
def machine(with_agent, cluster, tmp_path_factory):
    """The environment of a user on server a: its programs by their names, an `ipa` and an agent that answer."""
    place = tmp_path_factory.mktemp("bin")
    environment = {"ROLLCALL_SOCKET": cluster.lab.member("a")["agent"]["socket"], **with_agent.environment()}
    for name, words in (("ipa", with_agent.program(ipatree.DNS_ADMIN)),
                        ("rollcall", [str(Path(cluster.lab.info()["binaries"]) / "rollcall")]),
                        ("ipa-healthcheck", [sys.executable, str(HERE / "healthcheck"), "ipahealthcheck.registry"])):
        (place / name).write_text(f'#!/bin/sh\nexec {shlex.join(words)} "$@"\n')
        (place / name).chmod(0o755)
    return {**os.environ, **environment, "PATH": f"{place}:{os.environ['PATH']}"}


def runnable(*programs):
    return sorted({line for _, line in COMMANDS if line.startswith(programs) and not line.startswith(NOT_RUN)
                   and "$" not in line})


@pytest.mark.parametrize("line", runnable("ipa ", "ipa-healthcheck ", "rollcall "))
def test_a_command_works_on_a_server(machine, cluster, line):
    cluster.ask("a", "health")  # so that `ipa health` has something to show
    done = subprocess.run(["sh", "-c", line], env=machine, capture_output=True, text=True, check=False)
    assert done.returncode in ((0, 1) if line in ("rollcall health", "rollcall check") else (0,)), done.stdout + done.stderr
    assert done.stdout


def test_the_search_for_conflicts_works(cluster):
    line, = runnable("ldapsearch ")
    bind = f"-x -D {ipatree.user_dn(ipatree.DNS_ADMIN)} -w {ds389.PASSWORD} -H {cluster.lab.member('a')['ldapi']}"
    ours = line.replace(f"-Q -LLL -Y GSSAPI -H ldap://{host('a')}", f"-LLL {bind}")
    assert ours != line and f"-b 'cn=dns,{ipatree.SUFFIX}'" in ours
    done = subprocess.run(["sh", "-c", ours], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout.strip()) == (0, ""), done.stderr


def test_the_move_appoints_whom_it_is_told(machine, cluster):
    lines = [line for line in RECIPES["move-dnssec-keymanager"].log.lines if not line.startswith(NOT_RUN)]
    script = ["sh", "-e", "-c", "\n".join(lines), "move"]
    refused = subprocess.run([*script, host("c")], env=machine, capture_output=True, text=True, check=False)
    assert refused.returncode != 0 and "the server that stands in for it" in refused.stderr
    assert cluster.ask("a", "info")["mode"] == "random"
    done = subprocess.run([*script, host("c"), host("b")], env=machine, capture_output=True, text=True, check=False)
    try:
        assert done.returncode == 0, done.stdout + done.stderr
        assert done.stdout.rindex(host("c")) > done.stdout.index(host("c"))
    finally:
        back = subprocess.run(["ipa", "dnssec-keymanager-set", "--random"], env=machine, capture_output=True, text=True, check=False)
    assert back.returncode == 0, back.stderr


@pytest.fixture
def tls(tmp_path):
    """A TLS server with a certificate for localhost that is good for `days`; gives its port."""
    started = []

    def serve(days):
        subprocess.run(["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", days,
                        "-subj", "/CN=localhost", "-addext", "subjectAltName=DNS:localhost", "-keyout", "key", "-out", "crt"],
                       cwd=tmp_path, check=True, capture_output=True)
        one = subprocess.Popen(["openssl", "s_server", "-accept", "127.0.0.1:0", "-key", "key", "-cert", "crt"], cwd=tmp_path,
                               stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        started.append(one)
        return next(line for line in one.stdout if line.startswith("ACCEPT")).split(":")[1].strip()
    yield serve
    for one in started:
        one.kill()
        one.communicate()


@pytest.mark.parametrize("days, expires", [("30", False), ("1", True)])
def test_a_certificate_that_expires_within_a_week_fails(tls, tmp_path, days, expires):
    port = tls(days)
    recipe = advice.recipes("localhost", ipatree.SUFFIX)["health-check-cert"]
    dates, vouched = (line.replace("localhost:636", f"localhost:{port}") for line in recipe.log.commands if "s_client" in line)
    done = subprocess.run(["sh", "-c", dates], capture_output=True, text=True, check=False)
    assert done.returncode == int(expires) and "notAfter=" in done.stdout and "CN = localhost" in done.stdout
    for ca, code in ((tmp_path / "crt", 0), ("/dev/null", 1)):
        done = subprocess.run(["sh", "-c", vouched.replace("/etc/ipa/ca.crt", str(ca))], capture_output=True, check=False)
        assert done.returncode == code, done.stderr


def test_the_keytab_is_found_in_the_configuration(tmp_path):
    config = tmp_path / "rollcalld.toml"
    config.write_text('[directory]\nauthentication = "gssapi"\nkeytab = "/etc/x.keytab"\n')
    line, = (line for line in RECIPES["health-check-cert"].log.commands if line.startswith("keytab="))
    line = line.replace("/etc/rollcall/rollcalld.toml", str(config)) + '; echo "$keytab"'
    assert subprocess.run(["sh", "-c", line], capture_output=True, text=True, check=True).stdout == "/etc/x.keytab\n"
