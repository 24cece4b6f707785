# SPDX-License-Identifier: GPL-3.0-or-later
"""The checks within ipa-healthcheck and ipa-clustercheck, run by their own programs against agents of a real cluster."""
import json
import os
import re
import shlex
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from conftest import MEMBERS, ROOT
from faultlib import ZONE, Cluster, set_option
from labtest import await_that, processes_below, short_directory
from lablib import cluster as clusters
from lablib.cli import find_binaries
from lablib.client import Lab
from lablib.layout import Spec

HERE = Path(__file__).resolve().parent
SOURCE = "rollcall_health.checks"


@pytest.fixture(scope="module")
def trio():
    """Three members, each of which is told where the others' directories are."""
    place = short_directory()
    lab = Lab.up(Spec(str(place), find_binaries(), len(MEMBERS), [ZONE.rstrip(".")]))
    try:
        for name in MEMBERS:
            others = [f"{other}.lab.test={lab.member(other)['ldapi']}" for other in MEMBERS if other != name]
            set_option(place / name / "rollcalld.toml", "directory", replicas=others)
            lab.kill(name, ["agent"])
            lab.start(name, ["agent"])
        clusters.form(lab)
        one = Cluster(lab)
        await_that("all are well", lambda: all(not one.ask(name, "health")["findings"] for name in MEMBERS))
        yield one
    finally:
        lab.down()
    assert processes_below(place) == []
    shutil.rmtree(place)


def run(group, *words, socket="/nonexistent"):
    paths = {**os.environ, "PYTHONPATH": str(HERE.parent), "ROLLCALL_SOCKET": socket}
    return subprocess.run([sys.executable, HERE / "healthcheck", group, *words], env=paths, capture_output=True, text=True,
                          check=False, timeout=120)


def check(cluster, who, *words):
    return run("ipahealthcheck.registry", *words, socket=cluster.lab.member(who)["agent"]["socket"])


def failures(done):
    return {result["kw"]["key"]: result for result in json.loads(done.stdout) if result["result"] != "SUCCESS"}


def gather(done, folder, who):
    (folder / f"{who}.lab.test.json").write_text(done.stdout)


def cluster_check(folder):
    done = run("ipaclustercheck.registry", "--directory", str(folder))
    return done, {name: value for line in json.loads(done.stdout) for name, value in line.items()}


def await_well(cluster):
    for name in MEMBERS:
        await_that(f"{name} finds nothing", lambda: not cluster.ask(name, "health")["findings"], 75)


def test_a_healthy_cluster_succeeds_in_every_check(trio):
    done = check(trio, "a")
    assert done.returncode == 0 and not done.stderr, done.stderr
    results = json.loads(done.stdout)
    assert {result["result"] for result in results} == {"SUCCESS"}
    assert len(results) == 8 and {result["source"] for result in results} == {SOURCE}
    human = check(trio, "a", "--output-type", "human", "--failures-only")
    assert (human.returncode, human.stdout) == (0, "No issues found.\n")


def test_the_checks_are_listed_without_asking_anybody():
    done = run("ipahealthcheck.registry", "--list-sources")
    assert done.returncode == 0 and done.stdout.splitlines()[0] == SOURCE
    assert "RollcallReplicationCheck" in done.stdout


def test_what_was_not_looked_at_is_told_and_is_no_failure(trio):
    config = trio.place("b") / "rollcalld.toml"
    text = config.read_text()
    try:
        set_option(config, "directory", replicas=None)
        trio.restart_agent("b")
        await_that("its notes come", lambda: len(trio.ask("b", "health")["findings"]) == 2)
        done = check(trio, "b")
        told = {result["kw"].get("key"): result for result in json.loads(done.stdout)}
        assert done.returncode == 0 and not failures(done), done.stdout
        note = told["not-compared:a.lab.test"]
        assert note["check"] == "RollcallReplicationCheck" and "was not compared" in note["kw"]["what"]
    finally:
        config.write_text(text)
        trio.restart_agent("b")
    await_well(trio)


def test_an_agent_that_is_down_is_critical_and_no_check_succeeds(trio):
    trio.lab.kill("b", ["agent"])
    try:
        done = check(trio, "b")
        found = failures(done)
        assert done.returncode == 1 and len(found) == len(json.loads(done.stdout)) == 8
        assert found["agent"]["result"] == "CRITICAL" and found["agent"]["kw"]["cure"]
        assert "not-checked:RollcallParentCheck" in found
        human = check(trio, "b", "--output-type", "human")
        assert f"CRITICAL: {SOURCE}.RollcallAgentCheck.agent: the agent on this server cannot be asked: /" in human.stdout
    finally:
        trio.lab.start("b", ["agent"])
    await_well(trio)


def test_a_directory_that_is_down_is_critical(trio):
    trio.lab.kill("b", ["slapd"])
    try:
        done = check(trio, "b")
        probe = failures(done)["probe:b.lab.test"]
        assert done.returncode == 1
        assert (probe["result"], probe["check"]) == ("CRITICAL", "RollcallReplicationCheck")
    finally:
        trio.lab.start("b", ["slapd"])
    await_well(trio)


def test_a_member_that_is_dead_is_named_as_the_agent_names_it_and_for_the_whole_cluster(trio, tmp_path):
    trio.lab.kill("c")
    try:
        key = "replica:c.lab.test"
        said = {finding["key"]: finding for finding in trio.ask("a", "health")["findings"]}[key]
        for name in "ab":
            gather(done := check(trio, name), tmp_path, name)
            assert done.returncode == 1, done.stderr
            result = failures(done)[key]
            assert result["result"] == said["level"].upper() == "WARNING"
            assert {part: result["kw"][part] for part in ("key", "about", "cure")} == {
                part: said[part] for part in ("key", "about", "cure")}
        human = check(trio, "a", "--output-type", "human", "--source", SOURCE, "--check", "RollcallReplicationCheck")
        assert human.returncode == 1
        assert f"WARNING: {SOURCE}.RollcallReplicationCheck.{key}: c.lab.test: its directory does not answer" in human.stdout
        done, told = cluster_check(tmp_path)
        assert done.returncode == 1 and told["rollcall_checked"] == ["a.lab.test", "b.lab.test"]
        assert told[f"rollcall_{key}"].endswith("['a.lab.test', 'b.lab.test']")
    finally:
        trio.lab.start("c")
    await_well(trio)


def test_the_logs_of_healthy_servers_are_told_from_those_without_our_checks(trio, tmp_path):
    for name in MEMBERS:
        gather(check(trio, name), tmp_path, name)
    done, told = cluster_check(tmp_path)
    assert (done.returncode, told) == (0, {"rollcall_checked": [f"{name}.lab.test" for name in MEMBERS]})
    (tmp_path / "d.lab.test.json").write_text('[{"source": "ipahealthcheck.ipa.certs", "check": "x", "result": "ERROR", "kw": {}}]')
    done, told = cluster_check(tmp_path)
    assert done.returncode == 1 and told["rollcall_not_checked"].endswith("['d.lab.test']")
    (tmp_path / "d.lab.test.json").write_text("{")
    done, told = cluster_check(tmp_path)
    assert done.returncode == 1 and told["rollcall_unreadable"].endswith("['d.lab.test.json']")


def test_a_folder_without_logs_is_an_error(tmp_path):
    done, told = cluster_check(tmp_path)
    assert done.returncode == 1 and told["rollcall_not_checked"] == "there are no logs"


def shown(program):
    """The words of the one line of the README that calls a program."""
    line, = re.findall(rf"^{program} (.*)$", (ROOT / "README.md").read_text(), re.M)
    return shlex.split(line)


def test_the_commands_of_the_readme_work(trio, tmp_path):
    assert check(trio, "a", *shown("ipa-healthcheck")).stdout.startswith("SUCCESS: rollcall_health.checks.Rollcall")
    gather(check(trio, "a"), tmp_path, "a")
    words = [str(tmp_path) if word.startswith("/") else word for word in shown("ipa-clustercheck")]
    done = run("ipaclustercheck.registry", *words)
    assert done.returncode == 0 and "a.lab.test" in done.stdout, done.stdout + done.stderr


def test_every_check_of_the_agent_has_one_place():
    """The kinds of findings as lib/control/health*.cpp make them: none is shown twice, and none gets lost."""
    source = "".join(file.read_text() for file in (ROOT / "lib" / "control").glob("health*.cpp"))
    made = set(re.findall(r'findings\.say\(\s*\{"([a-z-]+)"', source))
    program = """if True:
        from rollcall_health import checks
        plugins = list(checks.registry.get_plugins())
        import sys
        for kind in sys.argv[1:]:
            print(kind, *(type(one).__name__ for one in plugins if one.has(kind)))
        print('all', *(kind for one in plugins for kind in one.kinds))"""
    done = subprocess.run([sys.executable, "-c", program, "newer", *made], env={**os.environ, "PYTHONPATH": str(HERE.parent)},
                          capture_output=True, text=True, check=True)
    shown = {line.split()[0]: line.split()[1:] for line in done.stdout.splitlines()}
    known = shown.pop("all")
    assert set(known) <= made and len(known) == len(set(known)) and len(made) > 10
    assert all(len(places) == 1 for places in shown.values()) and shown["newer"] == ["RollcallAgentCheck"]


def test_the_metadata_has_the_version_of_the_project():
    version = re.search(r"project\(rollcall VERSION (\S+)", (ROOT / "CMakeLists.txt").read_text())[1]
    assert f"\nVersion: {version}\n" in (HERE.parent / "rollcall_health.egg-info" / "PKG-INFO").read_text()
