# SPDX-License-Identifier: GPL-3.0-or-later
"""Finds the programs that a lab runs, and makes private copies of the servers.

AppArmor profiles go by path: the installed named and unbound may read only their own directories in /etc and /var,
a copy elsewhere has no profile. A copy also has no file capabilities, so it needs no privileges.
"""
import shutil
import subprocess
from pathlib import Path
from typing import Sequence

from lablib.errors import LabError

_SEARCH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
_PACKAGES = {
    "slapd": "slapd", "named": "bind9", "unbound": "unbound", "unbound-control": "unbound", "rndc": "bind9-utils",
    "dnssec-keygen": "bind9-utils", "dnssec-cds": "bind9-utils", "nsupdate": "bind9-dnsutils"}
_PACKAGES_AT_TIMES = {"ns-slapd": "389-ds-base", "ldapmodify": "ldap-utils", "krb5kdc": "krb5-kdc", "kdb5_util": "krb5-kdc", "kadmin.local": "krb5-admin-server",
                      "kinit": "krb5-user"}


def find(program: str) -> str:
    path = shutil.which(program, path=_SEARCH)
    if path is None:
        raise LabError(f"the program {program} is missing: apt-get install "
                       f"{(_PACKAGES | _PACKAGES_AT_TIMES).get(program, program)}")
    return path


def check_all() -> None:
    for program in _PACKAGES:
        find(program)


def private_copy(program: str, directory: Path) -> str:
    directory.mkdir(exist_ok=True)
    copy = directory / program
    shutil.copyfile(find(program), copy)
    copy.chmod(0o755)
    return str(copy)


def run(argv: Sequence[str], stdin: str = "") -> str:
    """Runs a program to its end and gives its output; its complaints become a LabError."""
    done = subprocess.run(argv, input=stdin, capture_output=True, text=True, timeout=30, check=False)
    if done.returncode != 0:
        name = Path(argv[0]).name
        raise LabError(f"{name} failed with status {done.returncode}: {(done.stderr or done.stdout).strip()}")
    return done.stdout
