# SPDX-License-Identifier: GPL-3.0-or-later
"""The lab itself, on real servers: replication and cuts, death and return, the chain of trust, and that nothing is left."""
import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any, Callable, Iterator

import pytest

from labtest import (await_that, everywhere, has_note, install_keys, make_key, processes_below, short_directory,
                     write_note, zone_signing_keys)
from lablib.cli import find_binaries
from lablib.client import Lab
from lablib.errors import LabError
from lablib.layout import SOCKET_PATH_MAX, Spec
from lablib.ledger import Content, DsContent, Ledger
from lablib.probe import Probe, Question, Verdict, judge
from lablib.processes import is_alive, kill_exactly
from lablib.questions import ask
from lablib.recorder import Recorder
from lablib.views import misfits

ZONE = "example.test"
COMMAND = str(Path(__file__).resolve().parent / "lab")


def agentless(directory: Path, masters: int = 3) -> Spec:
    """Directories and DNS servers without agents."""
    return Spec(str(directory), find_binaries(), masters, agents=False)


@pytest.fixture
def root() -> Iterator[Path]:
    directory = short_directory()
    yield directory
    shutil.rmtree(directory, ignore_errors=True)


@pytest.fixture(scope="module")
def shared() -> Iterator[Lab]:
    """One lab of three masters for all tests that leave it healed and complete."""
    directory = short_directory()
    lab = Lab.up(agentless(directory))
    yield lab
    lab.down()
    assert processes_below(directory) == []
    shutil.rmtree(directory)


@pytest.fixture
def lab(shared: Lab) -> Iterator[Lab]:
    yield shared
    shared.heal()


def pids(lab: Lab) -> list[tuple[int, int]]:
    return [(process["pid"], process["started"]) for process in lab.info()["processes"].values()]


# Replication, and its end.

def test_what_any_master_writes_is_soon_at_all(lab: Lab, record_property: Callable[[str, Any], None]) -> None:
    notes = [write_note(lab, master, f"from-{master}") for master in "abc"]
    took = await_that("all notes everywhere", lambda: everywhere(lab, *notes))
    record_property("replication_seconds", round(took, 3))
    print(f"three notes from three masters were everywhere after {took:.2f} s")


def test_while_two_are_cut_news_goes_by_the_third(lab: Lab) -> None:
    lab.cut("a", "b")
    assert lab.status()["cuts"] == [["a", "b", "close"]]
    notes = [write_note(lab, "a", "detour-a"), write_note(lab, "b", "detour-b")]
    await_that("the notes at all masters", lambda: everywhere(lab, *notes))


def test_a_cut_between_two_really_is_one(lab: Lab) -> None:
    """With the third dead, nothing passes between the two, while each goes on by itself."""
    lab.kill("c", ["slapd"])
    before = write_note(lab, "a", "before-the-cut")
    await_that("the link works", lambda: has_note(lab, "b", before))
    lab.cut("a", "b")
    from_a, from_b = write_note(lab, "a", "cut-from-a"), write_note(lab, "b", "cut-from-b")
    lab.start("c")
    await_that("the third has both", lambda: has_note(lab, "c", from_a) and has_note(lab, "c", from_b))
    await_that("and brings them over", lambda: everywhere(lab, from_a, from_b))


@pytest.mark.parametrize("mode", ["close", "drop"])
def test_a_master_with_all_links_cut_is_alone_until_healing(lab: Lab, mode: str) -> None:
    lab.cut("a", "b", mode)
    lab.cut("a", "c", mode)
    from_a = write_note(lab, "a", f"alone-{mode}")
    for number in range(20):  # what the others say after it has passed twenty times, and it has not
        note = write_note(lab, "b", f"together-{mode}-{number}")
        await_that("b and c replicate", lambda: has_note(lab, "c", note))
        assert not has_note(lab, "a", note)
    assert not has_note(lab, "b", from_a) and not has_note(lab, "c", from_a)
    lab.heal()
    await_that("all is everywhere", lambda: everywhere(lab, from_a, note))


def test_a_cut_names_two_masters_of_the_lab(lab: Lab) -> None:
    with pytest.raises(LabError, match="no master is called 'x': this lab has a, b, c"):
        lab.cut("a", "x")
    with pytest.raises(LabError, match="between two masters"):
        lab.cut("a", "a")


# Death and return.

def test_a_killed_master_comes_back_and_catches_up(lab: Lab) -> None:
    before = lab.member("b")
    lab.kill("b")
    assert lab.member("b")["slapd_pid"] is None and not lab.status()["processes"]["named.b"]
    assert ask(before["named"]["port"], ZONE, "SOA", 0.3) is None
    note = write_note(lab, "a", "while-b-was-dead")
    lab.start("b")
    await_that("b has caught up", lambda: has_note(lab, "b", note))
    assert ask(lab.member("b")["named"]["port"], ZONE, "SOA") is not None
    assert lab.member("b")["slapd_pid"] not in (None, before["slapd_pid"])


def test_one_server_of_a_master_can_die_alone(lab: Lab) -> None:
    lab.kill("c", ["named"])
    running = lab.status()["processes"]
    assert running["slapd.c"] and not running["named.c"]
    lab.start("c")
    assert lab.status()["processes"]["named.c"]


# The end.

def test_after_down_no_process_is_left(root: Path) -> None:
    lab = Lab.up(agentless(root, masters=2))
    processes = pids(lab)
    assert len(processes) == 9 and all(is_alive(*process) for process in processes)
    lab.down()
    assert not any(is_alive(*process) for process in processes) and processes_below(root) == []
    lab.down()  # once more does no harm


def test_when_the_supervisor_is_killed_the_rest_dies_with_it(root: Path) -> None:
    lab = Lab.up(agentless(root, masters=1))
    processes, supervisor = pids(lab), lab.info()["processes"]["supervisor"]
    kill_exactly(supervisor["pid"], supervisor["started"])
    await_that("all have ended", lambda: not any(is_alive(*process) for process in processes))
    assert processes_below(root) == []


def test_when_up_fails_it_says_why_and_leaves_nothing(root: Path, tmp_path: Path) -> None:
    (tmp_path / "rollcall").symlink_to(Path(find_binaries()) / "rollcall")
    (tmp_path / "rollcalld").write_text("#!/bin/sh\necho this agent does not like its configuration\nexit 78\n")
    (tmp_path / "rollcalld").chmod(0o755)
    with pytest.raises(LabError, match="does not like its configuration"):
        Lab.up(Spec(str(root), str(tmp_path)))
    assert processes_below(root) == []


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGKILL])
def test_when_up_is_interrupted_nothing_is_left(root: Path, number: signal.Signals) -> None:
    up = subprocess.Popen([sys.executable, COMMAND, "up", "--dir", str(root), "--no-agents"], text=True,
                          stdout=subprocess.PIPE, env=dict(os.environ, XDG_STATE_HOME=str(root / "state")))
    assert up.stdout is not None
    up.stdout.readline()  # the first servers are up, the others are not
    assert processes_below(root) != []
    up.send_signal(number)
    up.communicate(timeout=60)
    assert up.returncode != 0
    await_that("all have ended", lambda: processes_below(root) == [])


def test_a_directory_with_too_long_a_name_is_refused(tmp_path: Path) -> None:
    long = tmp_path / ("x" * SOCKET_PATH_MAX)
    with pytest.raises(LabError, match="too long"):
        Lab.up(agentless(long))
    assert not long.exists()


def test_a_directory_that_is_in_use_is_refused(lab: Lab) -> None:
    with pytest.raises(LabError, match="not empty"):
        Lab.up(agentless(lab.root))


def test_two_labs_live_side_by_side(lab: Lab, root: Path) -> None:
    other = Lab.up(agentless(root, masters=2))
    note = write_note(lab, "a", "for-this-lab-only")
    await_that("it is everywhere here", lambda: everywhere(lab, note))
    assert not has_note(other, "a", note)
    other.down()
    assert all(lab.status()["processes"].values())


# The chain of trust. These tests build on each other, in this order.

@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("keys")


def verdicts(lab: Lab) -> set[Verdict]:
    """What the resolvers say about a name that no cache can have."""
    name = f"fresh{os.urandom(6).hex()}.{ZONE}"
    answers = [(r["name"], *judge(r["port"], Question(ZONE, name, "A"))) for r in lab.info()["resolvers"]]
    print(answers)
    return {verdict for _, verdict, _ in answers}


def ds_tags(lab: Lab, ledger: Ledger) -> frozenset[int]:
    content = ledger.newest("parent", f"{ZONE}.")
    return content.ds if isinstance(content, DsContent) else frozenset()


def tag(key: str) -> int:
    return int(key.rpartition("+")[2])


def test_an_unsigned_zone_is_insecure(lab: Lab) -> None:
    assert verdicts(lab) == {Verdict.INSECURE}


def judged(history: Path) -> tuple[int, str]:
    """The word of the view checker on a history."""
    judge_program = str(Path(find_binaries()) / "rollcall-judge")
    done = subprocess.run([judge_program, str(history)], capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


def test_the_registry_takes_the_first_ds_and_resolvers_validate(lab: Lab, keys: Path, tmp_path: Path) -> None:
    history = tmp_path / "history"
    with Ledger(lab.info()) as ledger, Probe(lab.info(), seed=1) as probe, Recorder(lab.info(), history):
        ksk = make_key(keys, ZONE, "-f", "KSK", "-P", "sync", "now")
        make_key(keys, ZONE)
        install_keys(lab, "a", ZONE, keys)
        install_keys(lab, "b", ZONE, keys)
        await_that("the registry says that it waits", lambda: "do not agree" in journal(lab))
        assert ds_tags(lab, ledger) == frozenset()
        lab.pause_registry()
        install_keys(lab, "c", ZONE, keys)
        await_that("no cache has unsigned data any more", lambda: all(
            is_settled(ledger, master, tag(ksk)) for master in "abc"))
        assert ds_tags(lab, ledger) == frozenset()
        lab.pause_registry(False)
        await_that("the DS is at the parent", lambda: ds_tags(lab, ledger) == {tag(ksk)})
        await_that("both resolvers validate", lambda: verdicts(lab) == {Verdict.VALIDATED})
        await_that("the probe saw it too", lambda: set(probe.score.verdicts().values()) == {Verdict.VALIDATED})
    assert probe.score.bogus == [] and list(misfits(ledger.entries())) == []
    code, text = judged(history)
    assert code == 0 and "no cache was bogus" in text, text


def is_settled(ledger: Ledger, master: str, key: int) -> bool:
    """Has the master served the key for longer than anything else from it can be cached?"""
    content, seconds = ledger.newest_since(master, f"{ZONE}.")
    return isinstance(content, Content) and key in content.dnskeys and seconds > max(content.soa_ttl, content.dnskey_ttl)


def journal(lab: Lab) -> str:
    path = Path(lab.info()["parent"]["registry_journal"])
    return path.read_text(encoding="utf-8") if path.exists() else ""


def test_the_registry_adds_a_ds_that_the_present_key_signs_for_unless_it_is_paused(lab: Lab, keys: Path) -> None:
    with Ledger(lab.info()) as ledger, Probe(lab.info(), seed=2) as probe:
        await_that("the old DS is seen", lambda: len(ds_tags(lab, ledger)) == 1)
        old = ds_tags(lab, ledger)
        lab.pause_registry()
        new = make_key(keys, ZONE, "-f", "KSK", "-P", "sync", "now")
        for master in "abc":
            install_keys(lab, master, ZONE, keys)
        await_that("all masters publish the new key", lambda: all(
            tag(new) in getattr(ledger.newest(m, f"{ZONE}."), "dnskeys", ()) for m in "abc"))
        assert ds_tags(lab, ledger) == old
        lab.pause_registry(False)
        await_that("both keys have a DS", lambda: ds_tags(lab, ledger) == old | {tag(new)})
        await_that("still valid", lambda: verdicts(lab) == {Verdict.VALIDATED})
        await_that("a resolver was flushed", lambda: probe.score.flushes > 0)
    assert probe.score.bogus == []


def test_while_a_master_is_dead_the_others_answer(lab: Lab) -> None:
    lab.kill("a")
    try:
        for _ in range(10):  # a resolver that asks the dead one first may be too late once
            await_that("the others answer", lambda: verdicts(lab) == {Verdict.VALIDATED})
    finally:
        lab.start("a")


def test_keys_that_only_one_master_has_are_seen_as_bogus(lab: Lab, tmp_path: Path) -> None:
    """The lab's own smoke detector: break the zone, and the resolvers, the ledger and the view checker must say so."""
    strange = make_key(tmp_path, ZONE)
    keys_of_a = Path(lab.member("a")["named"]["keys"]) / ZONE
    history = tmp_path / "history"
    with Ledger(lab.info()) as ledger, Probe(lab.info(), seed=3) as probe, Recorder(lab.info(), history):
        for key in zone_signing_keys(keys_of_a):
            key.unlink()
            key.with_suffix(".private").unlink()
        install_keys(lab, "a", ZONE, tmp_path)
        await_that("a signs with its own key", lambda: tag(strange) in soa_signers(ledger, "a"))
        await_that("a resolver finds it bogus", lambda: probe.score.bogus != [])
    assert any(f"signed by [{tag(strange)}]" in misfit.what for misfit in misfits(ledger.entries()))
    code, text = judged(history)
    assert code == 1 and "bogus (certain, any)" in text and f"data signed by {{13/{tag(strange)}/" in text, text


def soa_signers(ledger: Ledger, master: str) -> frozenset[int]:
    content = ledger.newest(master, f"{ZONE}.")
    return content.soa_signers if isinstance(content, Content) else frozenset()
