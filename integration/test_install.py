# SPDX-License-Identifier: GPL-3.0-or-later
"""What `make install` puts where, and that it works from there: the sample of the configuration, the units, the users."""
import os
import shutil
import subprocess
from pathlib import Path
from typing import Iterator

import pytest

from lablib.cli import find_binaries

FILES = """
    bin/rollcall
    sbin/rollcalld
    lib/systemd/system/rollcalld.service
    lib/systemd/system/rollcall-directory@.service
    lib/systemd/system/rollcall-health.service
    lib/systemd/system/rollcall-health.timer
    lib/sysusers.d/rollcall.conf
    lib/tmpfiles.d/rollcall.conf
    share/man/man1/rollcall.1
    share/man/man5/rollcalld.toml.5
    share/man/man8/rollcalld.8
    share/rollcall/ldapschema/rollcall.ldif
    share/rollcall/ldapschema/access.ldif
    share/rollcall/ldapschema/access-389ds.ldif
    share/rollcall/ldapschema/60-rollcall.ldif
    share/rollcall/ipa-plugin/install
    share/rollcall/ipa-plugin/ipaserver/advise/plugins/dnssec_keymanager.py
    share/rollcall/ipa-plugin/ipaserver/plugins/dnssec_health.py
    share/rollcall/ipa-plugin/ipaserver/plugins/dnssec_keymanager.py
    share/rollcall/ipa-plugin/ipaserver/plugins/dnssec_zone.py
    share/rollcall/ipa-plugin/rollcall_health.egg-info/PKG-INFO
    share/rollcall/ipa-plugin/rollcall_health.egg-info/entry_points.txt
    share/rollcall/ipa-plugin/rollcall_health/__init__.py
    share/rollcall/ipa-plugin/rollcall_health/checks.py
    share/rollcall/ipa-plugin/rollcall_health/cluster.py
    share/rollcall/ipa-plugin/rollcall_health/cluster_registry.py
    share/rollcall/ipa-plugin/rollcall_health/registry.py
    share/rollcall/ipa-plugin/rollcall_ipa/__init__.py
    share/rollcall/ipa-plugin/rollcall_ipa/agent.py
    share/rollcall/ipa-plugin/rollcall_ipa/changes.py
    share/rollcall/ipa-plugin/rollcall_ipa/command.py
    share/rollcall/ipa-plugin/rollcall_ipa/entries.py
    share/rollcall/ipa-plugin/rollcall_ipa/health.py
    share/rollcall/ipa-plugin/rollcall_ipa/masters.py
    share/rollcall/ipa-plugin/rollcall_ipa/tree.py
    share/rollcall/ipa-plugin/rollcall_ipa/views.py
    share/rollcall/ipa-plugin/schema.d/75-rollcall.ldif
    share/rollcall/ipa-plugin/updates/75-rollcall.update
    share/doc/rollcall/rollcalld.toml
    share/doc/rollcall/LICENSE
    share/doc/rollcall/README.md
    share/doc/rollcall/CHANGELOG.md
""".split()
UNITS = {"rollcalld.service": "sbin/rollcalld", "rollcall-directory@var-lib-rollcall-directory.service": "bin/rollcall",
         "rollcall-health.service": "bin/rollcall"}
ENABLED = {**{unit: "multi-user.target" for unit in UNITS if "health" not in unit}, "rollcall-health.timer": "timers.target"}


def run(*words: object, **options: object) -> "subprocess.CompletedProcess[str]":
    return subprocess.run([str(word) for word in words], capture_output=True, text=True, check=False, **options)


@pytest.fixture(scope="module")
def image(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """The root of a machine on which nothing is but Rollcall."""
    place = tmp_path_factory.mktemp("image")
    done = run("cmake", "--install", Path(find_binaries()).parent, env={**os.environ, "DESTDIR": str(place)})
    assert done.returncode == 0, done.stderr
    yield place
    shutil.rmtree(place)


@pytest.fixture(scope="module")
def prefix(image: Path) -> Path:
    return next(image.rglob("bin/rollcall")).parents[1]


def test_every_file_is_in_its_place_and_no_other(image: Path, prefix: Path) -> None:
    found = {str(file.relative_to(prefix)) for file in image.rglob("*") if file.is_file()}
    assert found == set(FILES)


def test_the_sample_is_a_configuration(prefix: Path) -> None:
    done = run(prefix / "sbin/rollcalld", "--config", prefix / "share/doc/rollcall/rollcalld.toml", "--check-config")
    assert (done.returncode, done.stderr) == (0, "")


def test_the_programs_are_built_without_a_path_to_where_they_were_built(prefix: Path) -> None:
    for program in ("bin/rollcall", "sbin/rollcalld"):
        assert "RUNPATH" not in run("readelf", "-d", prefix / program).stdout


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="no systemd")
@pytest.mark.parametrize("unit", UNITS)
def test_systemd_takes_the_units(image: Path, prefix: Path, tmp_path: Path, unit: str) -> None:
    """With the program that each starts where DESTDIR has it."""
    name = unit if "@" not in unit else f"{unit.split('@')[0]}@.service"
    text = (prefix / "lib/systemd/system" / name).read_text()
    program = prefix / UNITS[unit]
    started = f"ExecStart=/{program.relative_to(image)}"
    assert started in text
    (tmp_path / unit).write_text(text.replace(f"/{program.relative_to(image)}", str(program)))
    done = run("systemd-analyze", "verify", "--man=no", "--recursive-errors=no", tmp_path / unit)
    assert (done.returncode, [line for line in done.stderr.splitlines() if "rollcall" in line]) == (0, [])


@pytest.mark.parametrize("unit", ENABLED)
def test_what_is_enabled_is_back_after_a_reboot(image: Path, prefix: Path, tmp_path: Path, unit: str) -> None:
    system = tmp_path / "etc/systemd/system"
    system.mkdir(parents=True)
    units = tmp_path / "usr/lib/systemd/system"
    shutil.copytree(prefix / "lib/systemd/system", units)
    done = run("systemctl", "--root", tmp_path, "enable", unit)
    assert done.returncode == 0, done.stderr
    assert (system / f"{ENABLED[unit]}.wants" / unit).is_symlink()


@pytest.mark.skipif(not shutil.which("systemd-sysusers"), reason="no systemd")
def test_the_users_can_be_made(prefix: Path, tmp_path: Path) -> None:
    (tmp_path / "etc").mkdir()
    done = run("systemd-sysusers", "--root", tmp_path, prefix / "lib/sysusers.d/rollcall.conf")
    assert done.returncode == 0, done.stderr
    assert "rollcall:" in (tmp_path / "etc/passwd").read_text()
    groups = (tmp_path / "etc/group").read_text()
    assert "rollcall:" in groups and "rollcall-admin:" in groups
