# SPDX-License-Identifier: GPL-3.0-or-later
"""The validating resolvers: unbound, since it shares no code with the servers, and since it caches, which is the point.

They know where the parent and the masters are, trust the parent's key, and believe nothing else. Whatever they hold
on to lasts seconds, as everything in a lab does.
"""
from lablib.layout import PARENT, Layout, Resolver, write_atomically
from lablib.ports import LOOPBACK


def _stub(name: str, ports: list[int]) -> str:
    addresses = "".join(f"  stub-addr: {LOOPBACK}@{port}\n" for port in ports)
    return f'stub-zone:\n  name: "{name}"\n{addresses}'


def _config(resolver: Resolver, layout: Layout) -> str:
    masters = [m.dns_port for m in layout.masters]
    stubs = _stub(PARENT, [layout.parent.dns_port]) + "".join(_stub(z, masters) for z in layout.spec.zones)
    return f"""server:
  interface: {LOOPBACK}@{resolver.port}
  directory: "{resolver.root}"
  chroot: ""
  username: ""
  pidfile: ""
  use-syslog: no
  logfile: ""
  val-log-level: 2
  num-threads: 1
  do-ip6: no
  do-not-query-localhost: no
  local-zone: "{PARENT}" nodefault
  module-config: "validator iterator"
  trust-anchor-file: "{layout.parent.trust_anchor}"
  trust-anchor-signaling: no
  ede: yes
  # What is cached lasts as long as its TTL says, and is used until then, but no error does.
  cache-min-ttl: 0
  serve-expired: no
  prefetch: no
  aggressive-nsec: no
  val-bogus-ttl: 1
  # The first failure counts: it is not repaired by asking another master.
  val-max-restart: 0
  # A dead master costs one question in ten seconds some patience, and is asked again so soon after its return.
  infra-host-ttl: 10
  infra-keep-probing: yes
  infra-cache-max-rtt: 1000
remote-control:
  control-enable: yes
  control-interface: "{resolver.control_socket}"
  control-use-cert: no
{stubs}"""


def prepare(resolver: Resolver, layout: Layout) -> None:
    resolver.root.mkdir()
    write_atomically(resolver.config, _config(resolver, layout))


def command(binary: str, resolver: Resolver) -> list[str]:
    return [binary, "-d", "-p", "-c", str(resolver.config)]
