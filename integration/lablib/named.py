# SPDX-License-Identifier: GPL-3.0-or-later
"""The DNS servers: one for each master, which signs the zones with the keys that it finds, and one for the parent.

All answer on 127.0.0.1 and differ in their ports. A delegation cannot name a port, so resolvers are told where the
servers are (resolver.py), and the NS records are there for form's sake.
"""
import base64
import os
from pathlib import Path

from lablib import tools
from lablib.layout import PARENT, Layout, Master, Parent, Spec, write_atomically
from lablib.ports import LOOPBACK

ALGORITHM = "ECDSAP256SHA256"
JOURNAL_HEADER = 64  # bytes
NAMES = ("www", "mail", "ldap", "kdc")  # hosts of each zone; any other name exists by a wildcard


def _key(name: str) -> str:
    secret = base64.b64encode(os.urandom(32)).decode("ascii")
    return f'key "{name}" {{ algorithm hmac-sha256; secret "{secret}"; }};\n'


def _write_rndc(root: Path, port: int) -> None:
    """Two files with one secret: what rndc reads, and what named includes."""
    key = _key("rndc")
    write_atomically(root / "rndc.conf", key + f'options {{ default-key "rndc"; default-server {LOOPBACK};'
                     f' default-port {port}; }};\n', mode=0o600)
    write_atomically(root / "controls.conf", key + f'controls {{ inet {LOOPBACK} port {port}'
                     f' allow {{ {LOOPBACK}; }} keys {{ "rndc"; }}; }};\n', mode=0o600)


def _options(root: Path, port: int) -> str:
    return f"""include "{root}/controls.conf";
options {{
  directory "{root}/dns";
  listen-on port {port} {{ {LOOPBACK}; }};
  listen-on-v6 {{ none; }};
  pid-file none;
  lock-file none;
  recursion no;
  dnssec-validation no;
  notify no;
  allow-transfer {{ {LOOPBACK}; }};
  minimal-responses yes;
}};
"""


def _zone_text(zone: str, layout: Layout) -> str:
    """The same on every master, as far as resolvers can see."""
    spec = layout.spec
    servers = [f"ns-{m.name}" for m in layout.masters]
    lines = [f"$TTL {spec.zone_ttl}", f"$ORIGIN {zone.rstrip('.')}.",
             f"@ SOA {servers[0]} hostmaster 1 3600 600 86400 {spec.negative_ttl}"]
    lines += [f"@ NS {server}" for server in servers]
    lines += [f"{server} A {LOOPBACK}" for server in servers]
    lines += [f"{name} A 192.0.2.{number}" for number, name in enumerate(NAMES, start=1)]
    lines += ["* A 192.0.2.200", '@ TXT "a zone of the lab"']
    return "\n".join(lines) + "\n"


def _zone_clause(zone: str, master: Master, spec: Spec) -> str:
    name = zone.rstrip(".")
    return f"""zone "{name}" {{
  type primary;
  file "{name}.zone";
  inline-signing yes;
  auto-dnssec maintain;
  key-directory "{master.keys_of(zone, spec)}";
}};
"""


def prepare_master(master: Master, layout: Layout) -> None:
    (master.root / "dns").mkdir(parents=True)
    _write_rndc(master.root, master.rndc_port)
    for zone in layout.spec.zones:
        (master.keys / zone.rstrip(".")).mkdir(parents=True)
        write_atomically(master.root / "dns" / f"{zone.rstrip('.')}.zone", _zone_text(zone, layout))
    clauses = [_zone_clause(zone, master, layout.spec) for zone in layout.spec.zones]
    write_atomically(master.root / "named.conf", _options(master.root, master.dns_port) + "".join(clauses))


def _parent_zone_text(layout: Layout) -> str:
    spec = layout.spec
    lines = [f"$TTL {spec.parent_ttl}", f"$ORIGIN {PARENT}",
             f"@ SOA ns hostmaster 1 3600 600 86400 {spec.negative_ttl}", "@ NS ns", f"ns A {LOOPBACK}"]
    for zone in spec.zones:
        for master in layout.masters:
            server = f"ns-{master.name}.{zone.rstrip('.')}."
            lines += [f"{zone.rstrip('.')}. NS {server}", f"{server} A {LOOPBACK}"]
    return "\n".join(lines) + "\n"


def _make_parent_key(parent: Parent, spec: Spec) -> None:
    """One key signs all of the parent, and is what the resolvers trust."""
    keys = parent.root / "keys"
    keys.mkdir()
    name = tools.run([tools.find("dnssec-keygen"), "-q", "-a", ALGORITHM, "-f", "KSK", "-L", str(spec.parent_ttl),
                      "-K", str(keys), PARENT]).strip()
    write_atomically(parent.trust_anchor, (keys / f"{name}.key").read_text(encoding="ascii"))


def prepare_parent(layout: Layout) -> None:
    """A signed primary that takes updates from the registry."""
    parent = layout.parent
    (parent.root / "dns").mkdir(parents=True)
    _write_rndc(parent.root, parent.rndc_port)
    _make_parent_key(parent, layout.spec)
    write_atomically(parent.update_key, _key("registry"), mode=0o600)
    write_atomically(parent.root / "dns" / "parent.zone", _parent_zone_text(layout))
    write_atomically(parent.root / "named.conf", _options(parent.root, parent.dns_port) + f"""
include "{parent.update_key}";
zone "{PARENT}" {{
  type primary;
  file "parent.zone";
  auto-dnssec maintain;
  key-directory "{parent.root}/keys";
  allow-update {{ key "registry"; }};
}};
""")


def journalled_serial(root: Path, zone: str) -> int | None:
    """The version of a zone that a `named` which was killed comes back with; None if it has changed nothing yet."""
    try:
        header = (root / "dns" / f"{zone.rstrip('.')}.zone.signed.jnl").read_bytes()[:JOURNAL_HEADER]
    except FileNotFoundError:
        return None
    if len(header) < JOURNAL_HEADER or not header.startswith(b";BIND LOG V9"):
        return None
    return int.from_bytes(header[24:28], "big")  # after 16 bytes of name, and serial and offset of the first version


def command(binary: str, root: Path) -> list[str]:
    """In the foreground, one thread, all of its log to stderr."""
    return [binary, "-g", "-n", "1", "-c", str(root / "named.conf")]
