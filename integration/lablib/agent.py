# SPDX-License-Identifier: GPL-3.0-or-later
"""The Rollcall agent of a master: its configuration and how it is started.

Everything that waits by a clock is set to seconds; the key policy, which all members share, is not here but in the
directory (cluster.py).
"""
import json

from lablib import clocks, directory, directory389, tools
from lablib.layout import PARENT, Layout, Master, write_atomically
from lablib.ports import LOOPBACK

_IPA = """key_layout = "dyndb-ldap"

[ipa]
follow = true
interval = "1s"
"""


def prepare(master: Master, layout: Layout) -> None:
    """Texts are written as JSON, which TOML reads as it is."""
    engine = directory if layout.spec.engine == "slapd" else directory389
    options = "\n".join(f"{name} = {json.dumps(value)}" for name, value in engine.agent_options(master, layout).items())
    rndc = [*clocks.unpreloaded(layout), tools.find("rndc"), "-c", str(master.rndc_conf)]
    server = f"{LOOPBACK}@{master.dns_port}"
    write_atomically(master.agent_config, f"""[agent]
socket = {json.dumps(str(master.agent_socket))}
state = {json.dumps(str(master.root / "state"))}
host = {json.dumps(f"{master.name}.lab.test")}
log_level = "info"
heartbeat_idle = "2s"
report_interval = "1s"
silence = "8s"
step_stagger = "1s"
patience = "2s"
look_interval = "5s"
parent_poll = "1s"

[directory]
{options}

[signer]
kind = "bind"
server = {json.dumps(server)}
addresses = {json.dumps([server])}
key_directory = {json.dumps(str(master.keys))}
rndc = {json.dumps(rndc)}
named_conf = {json.dumps(str(master.root / "named.conf"))}
{_IPA if layout.spec.ipa else ""}

[[parent]]
zone = {json.dumps(PARENT)}
addresses = {json.dumps([f"{LOOPBACK}@{layout.parent.dns_port}"])}
""")
    (master.root / "state").mkdir(mode=0o700)


def command(master: Master, layout: Layout) -> list[str]:
    return [str(layout.spec.rollcalld), "--config", str(master.agent_config)]
