# SPDX-License-Identifier: GPL-3.0-or-later
"""Making an embedded directory: private, once, and all of it or nothing."""
import stat

from directorytest import Server, join, tool


def test_a_directory_is_private_and_made_once(root):
    (root / "private").mkdir()
    directory = Server(root / "private").dir
    modes = {path.name: stat.S_IMODE(path.stat().st_mode) for path in (directory, *directory.iterdir())}
    assert modes == {"directory": 0o711, "run": 0o711, "settings": 0o644, "replication-secret": 0o600,
                     "config": 0o700, "data": 0o700, "tls": 0o700}
    assert "is not empty" in tool("create", directory, "ldap://127.0.0.1:1", 1, "", ok=False)[0]


def test_a_directory_that_cannot_be_made_leaves_nothing(root):
    place = root / "nothing"
    assert "should be like ldap://" in tool("create", place, "http://x", 1, "", ok=False)[0]
    assert not place.exists()
    assert "too long" in tool("create", root / ("x" * 100), "ldap://127.0.0.1:1", 1, "", ok=False)[0]
    half = root / "half"
    half.mkdir()
    (half / "unfinished").touch()
    assert "half made" in tool("create", half, "ldap://127.0.0.1:1", 1, "", ok=False)[0]
    assert "no finished directory" in tool("command", half, ok=False)[0]


def test_a_first_server_takes_writes_wherever_it_listens(root):
    (root / "elsewhere").mkdir()
    server = Server(root / "elsewhere", listen="127.0.0.2")
    try:
        server.start()
        join(server.as_member(), server.member)
    finally:
        server.kill()
