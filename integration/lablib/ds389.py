# SPDX-License-Identifier: GPL-3.0-or-later
"""An instance of 389-ds in any directory, as any user, without systemd: what `dscreate` would make, in seconds.

It listens on 127.0.0.1 and on a Unix socket, and brings the schema of Rollcall. What Rollcall asks of an
administrator is done by the very files that are installed for him.
"""
import base64
import hashlib
import os
import pwd
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path

import ldap
import ldap.modlist

from lablib import tools
from lablib.errors import LabError
from lablib.layout import MANAGER_389, PASSWORD_389
from lablib.ports import LOOPBACK

MANAGER = MANAGER_389
PASSWORD = PASSWORD_389
REPLICATION = "cn=replication manager,cn=config"
BACKEND = "userRoot"
THREADS = 8
_PACKAGED = Path("/usr/share/dirsrv")
_ACCESS = Path(__file__).resolve().parents[2] / "ldapschema" / "access-389ds.ldif"
_TEMPLATES = ("template-dse.ldif", "template-suffix-db.ldif")

Connection = ldap.ldapobject.SimpleLDAPObject


@dataclass
class Instance:
    root: Path
    port: int
    suffix: str
    schema: Path         # 60-rollcall.ldif
    number: int = 0      # as a supplier; 0: it does not replicate
    synchronises: bool = True  # has RFC 4533: Content Synchronization and the retro changelog below it
    changes_of: str = ""  # the retro changelog is limited to this subtree, as by FreeIPA
    host: str = "localhost"  # of its Kerberos principal
    environment: dict[str, str] = field(default_factory=dict)  # for Kerberos

    @property
    def socket(self) -> Path:
        return self.root / "run" / "ldapi"

    @property
    def ldapi(self) -> str:
        return "ldapi://" + str(self.socket).replace("/", "%2F")

    @property
    def _mapping(self) -> str:
        return f'cn="{self.suffix}",cn=mapping tree,cn=config'

    @property
    def replica(self) -> str:
        return f"cn=replica,{self._mapping}"


def create(instance: Instance) -> None:
    """Writes everything that ns-slapd needs to start; the suffix has no entry yet."""
    for name in ("schema", "run", "lock", "tmp", "certs", "ldif", "bak", "log", "db"):
        (instance.root / name).mkdir(parents=True, exist_ok=True)
    for file in [*(_PACKAGED / "schema").glob("*.ldif"), Path("/etc/dirsrv/schema/99user.ldif"), instance.schema]:
        shutil.copy(file, instance.root / "schema")
    for file in Path("/etc/dirsrv/config").glob("*.conf"):
        shutil.copy(file, instance.root)
    (instance.root / "dse.ldif").write_text(_configuration(instance), encoding="utf-8")


def command(instance: Instance) -> list[str]:
    """In the foreground."""
    return [tools.find("ns-slapd"), "-D", str(instance.root),
            "-i", str(instance.root / "pid"), "-d", "0"]


def connect(instance: Instance, dn: str = MANAGER, password: str = PASSWORD) -> Connection:
    connection = ldap.initialize(instance.ldapi)
    connection.set_option(ldap.OPT_NETWORK_TIMEOUT, 5)
    connection.set_option(ldap.OPT_TIMEOUT, 20)
    connection.simple_bind_s(dn, password)
    return connection


def hashed(password: str) -> bytes:
    """So that a bind costs next to nothing, unlike with the server's own default."""
    salt = os.urandom(8)
    return b"{SSHA}" + base64.b64encode(hashlib.sha1(password.encode() + salt).digest() + salt)


def add(connection: Connection, dn: str, **attributes: str | bytes | list[str]) -> None:
    """Adds an entry; the attribute that names it may be left out."""
    name, _, rest = dn.partition("=")
    entry = {name: rest.split(",")[0], **attributes}
    as_lists = {key: value if isinstance(value, list) else [value] for key, value in entry.items()}
    connection.add_s(dn, ldap.modlist.addModlist(
        {key: [v if isinstance(v, bytes) else v.encode() for v in values] for key, values in as_lists.items()}))


def schema_of(binaries: str) -> Path:
    """The schema that was built together with the programs."""
    return Path(binaries).parent / "ldapschema" / "60-rollcall.ldif"


def apply_access(instance: Instance, base: str, agents: str, administrators: str) -> None:
    """Makes the base of Rollcall with its access rules, as the head of the file says."""
    text = _ACCESS.read_text(encoding="utf-8")
    for mark, value in (("@BASE@", base), ("@AGENTS@", agents), ("@ADMINISTRATORS@", administrators)):
        text = text.replace(mark, value)
    tools.run([tools.find("ldapmodify"), "-x", "-H", instance.ldapi, "-D", MANAGER, "-w", PASSWORD, "-c"], text)


def replicate_to(instance: Instance, name: str, port: int, *, fill: bool) -> None:
    """Has the instance send its changes to another one at a port; first of all everything, if that is to be filled."""
    attributes: dict[str, str | bytes | list[str]] = {
        "objectClass": ["top", "nsds5replicationagreement"], "nsds5ReplicaHost": LOOPBACK, "nsds5ReplicaPort": str(port),
        "nsds5ReplicaBindDN": REPLICATION, "nsds5ReplicaBindMethod": "SIMPLE", "nsds5ReplicaTransportInfo": "LDAP",
        "nsds5ReplicaCredentials": PASSWORD, "nsds5ReplicaRoot": instance.suffix, "nsds5ReplicaTimeout": "5"}
    if fill:
        attributes["nsds5BeginReplicaRefresh"] = "start"
    add(connect(instance), f"cn={name},{instance.replica}", **attributes)


def filled(instance: Instance, name: str) -> bool:
    """Whether the other one has everything that there was; an error is raised."""
    (_, entry), = connect(instance).search_s(f"cn={name},{instance.replica}", ldap.SCOPE_BASE)
    status = entry.get("nsds5replicaLastInitStatus", [b""])[0].decode()
    if status and not status.startswith("Error (0)"):
        raise LabError(f"389-ds does not fill {name}: {status}")
    return bool(status) and "nsds5BeginReplicaRefresh" not in entry


def _configuration(instance: Instance) -> str:
    text = "\n\n".join(_uncommented(_PACKAGED / "data" / name) for name in _TEMPLATES)
    root, user = instance.root, pwd.getpwuid(os.getuid()).pw_name
    values = {f"{name}_dir": str(root / directory) for name, directory in (
        ("schema", "schema"), ("lock", "lock"), ("tmp", "tmp"), ("cert", "certs"), ("ldif", "ldif"), ("bak", "bak"),
        ("run", "run"), ("inst", ""), ("log", "log"), ("db", "db"), ("db_home", "db"), ("config", ""))}
    values |= {"fqdn": instance.host, "ds_port": str(instance.port), "ds_user": user, "rootdn": MANAGER,
               "ds_passwd": hashed(PASSWORD).decode(), "ldapi_enabled": "on", "ldapi": str(instance.socket),
               "ldapi_autobind": "off", "db_lib": "bdb", "ds_suffix": instance.suffix, "ds_bename": BACKEND}
    for name, value in values.items():
        text = text.replace(f"%{name}%", value)
    text = _with(text, "cn=config", f"nsslapd-listenhost: {LOOPBACK}", "nsslapd-accesslog-logging-enabled: off",
                 f"nsslapd-threadnumber: {THREADS}", "nsslapd-allow-hashed-passwords: on",
                 "nsslapd-sizelimit: -1")
    text = _with(text, "cn=config,cn=ldbm database,cn=plugins,cn=config", "nsslapd-cache-autosize: 0",
                 "nsslapd-dbcachesize: 10000000")
    if instance.synchronises:
        text = _with(_enabled(text, "Content Synchronization"), "cn=Retro Changelog Plugin,cn=plugins,cn=config",
                     "nsslapd-attribute: nsuniqueid:targetUniqueId", "nsslapd-changelogmaxage: 2d")
        text = _enabled(text, "Retro Changelog Plugin")
        if instance.changes_of:
            text = _with(text, "cn=Retro Changelog Plugin,cn=plugins,cn=config",
                         f"nsslapd-include-suffix: {instance.changes_of}")
    if instance.number:
        text += "\n\n" + _supplier(instance)
    return re.sub(r"\n{2,}", "\n\n", text) + "\n"


def _uncommented(file: Path) -> str:
    return "\n".join(line for line in file.read_text(encoding="utf-8").splitlines() if not line.startswith("#")).strip()


def _with(text: str, dn: str, *lines: str) -> str:
    """The configuration with more lines in one entry, each instead of what was there of its attribute."""
    head, found, tail = text.partition(f"dn: {dn}\n")
    if not found:
        raise LabError(f"the templates of 389-ds have no {dn}")
    entry, _, rest = tail.partition("\n\n")
    names = tuple(line.split(":")[0].lower() + ":" for line in lines)
    kept = [line for line in entry.splitlines() if not line.lower().startswith(names)]
    return head + found + "\n".join([*kept, *lines]) + "\n\n" + rest


def _enabled(text: str, plugin: str) -> str:
    return _with(text, f"cn={plugin},cn=plugins,cn=config", "nsslapd-pluginenabled: on")


def _supplier(instance: Instance) -> str:
    return f"""dn: {instance.replica}
objectClass: top
objectClass: nsDS5Replica
cn: replica
nsDS5ReplicaRoot: {instance.suffix}
nsDS5ReplicaId: {instance.number}
nsDS5ReplicaType: 3
nsDS5Flags: 1
nsDS5ReplicaBindDN: {REPLICATION}
nsds5ReplicaBackoffMin: 1
nsds5ReplicaBackoffMax: 3

dn: cn=changelog,cn={BACKEND},cn=ldbm database,cn=plugins,cn=config
objectClass: top
objectClass: extensibleObject
cn: changelog

dn: {REPLICATION}
objectClass: top
objectClass: person
cn: replication manager
sn: replication
userPassword: {hashed(PASSWORD).decode()}
"""
