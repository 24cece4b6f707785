# SPDX-License-Identifier: GPL-3.0-or-later
"""An IPA server with our plugin and nothing else: JSON-RPC as in IPA, and the genuine `ipa` that talks to it.

Who calls is the first word of the path, since plain HTTP on 127.0.0.1 knows no Kerberos; the directory is asked as
that user, so that its rules decide.
"""
import importlib.util
import os
import subprocess
import sys
import threading
from pathlib import Path
from types import ModuleType
from typing import Any, Callable
from wsgiref.simple_server import WSGIRequestHandler, make_server

import ipalib
from ipalib import errors
from ipalib.backend import Backend
from ipalib.frontend import Command, Method, Object
from ipalib.request import context, destroy_context
from ipalib.rpc import json_decode_binary, json_encode_binary
from ipapython.dn import DN

import ipatree
from lablib import ds389

HERE = Path(__file__).resolve().parent
PLUGINS = HERE.parent / "ipaserver" / "plugins"
MODULES = ("dnssec_keymanager", "dnssec_zone", "dnssec_health")


class ServerApi(ipalib.API):
    bases = (Command, Object, Method, Backend)
    packages = ()


def load(file: Path) -> ModuleType:
    spec = importlib.util.spec_from_file_location(file.stem, file)
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


class IpaServer:
    """Of one master of a lab. Without `socket` no agent runs on this server."""

    def __init__(self, place: Path, ldapi: str, socket: str = "/nonexistent", basedn: str = ipatree.SUFFIX) -> None:
        self.place = place
        place.mkdir(parents=True)
        self.api = ServerApi()
        self.api.bootstrap(context="server", in_server=True, confdir=str(place), mode="production", ldap_uri=ldapi,
                           basedn=DN(basedn), domain="lab.test", realm="LAB.TEST", rollcall_socket=socket, log=None)
        for file in [HERE / "ldap2.py", *(PLUGINS / f"{name}.py" for name in MODULES)]:
            self.api.add_module(load(file))
        self.api.finalize()
        self._http = make_server("127.0.0.1", 0, self._answer, handler_class=_Silent)
        threading.Thread(target=self._http.serve_forever, daemon=True).start()
        self._write_client()

    def close(self) -> None:
        self._http.shutdown()
        self._http.server_close()

    def call(self, user: str, command: str, *args: Any, **options: Any) -> dict[str, Any]:
        """In process: real parsing, validation and errors, without HTTP."""
        return self._as(user, lambda: self.api.Command[command](*args, version="2.251", **options))

    def ipa(self, user: str, *words: str) -> "subprocess.CompletedProcess[str]":
        return subprocess.run([*self.program(user), *words], env={**os.environ, **self.environment()}, capture_output=True,
                              text=True, timeout=120, check=False)

    def program(self, user: str) -> list[str]:
        """That of the package freeipa-client; by its name Python would look for modules nowhere but at home."""
        return [sys.executable, "/usr/bin/ipa", "-e", "in_tree=True", "-e", f"xmlrpc_uri={self._uri(user)}/xml",
                "-e", f"jsonrpc_uri={self._uri(user)}/json"]

    def environment(self) -> dict[str, str]:
        return {"HOME": str(self.place), "PYTHONPATH": f"{self.place / 'client'}:{HERE.parent}", "LC_ALL": "C.UTF-8"}

    def _uri(self, user: str) -> str:
        return f"http://127.0.0.1:{self._http.server_port}/{user}/ipa"

    def _as(self, user: str, act: Callable[[], Any]) -> Any:
        try:
            self.api.Backend.ldap2.connect(bind_dn=ipatree.user_dn(user), password=ds389.PASSWORD)
            context.principal = f"{user}@LAB.TEST"
            return act()
        finally:
            destroy_context()

    def _answer(self, environ: dict[str, Any], start: Callable[..., Any]) -> list[bytes]:
        user = environ["PATH_INFO"].split("/")[1]
        body = environ["wsgi.input"].read(int(environ["CONTENT_LENGTH"]))
        asked = json_decode_binary(body.decode())
        answer: dict[str, Any] = {"id": asked["id"], "principal": user, "version": "4.9", "result": None, "error": None}
        try:
            args, options = asked["params"]
            name = asked["method"].split("/")[0]
            answer["result"] = self._as(user, lambda: self.api.Command[name](*args, **options))
        except errors.PublicError as error:
            answer["error"] = {"code": error.errno, "message": str(error), "name": type(error).__name__, "data": error.kw}
        start("200 OK", [("Content-Type", "application/json")])
        return [json_encode_binary(answer, "2.251").encode()]

    def _write_client(self) -> None:
        """Where the client finds the plugin: a package `ipaserver` with nothing else in it."""
        package = self.place / "client" / "ipaserver" / "plugins"
        package.mkdir(parents=True)
        (package.parent / "__init__.py").touch()
        (package / "__init__.py").write_text(f"modules = {list(MODULES)!r}\n")
        for name in MODULES:
            (package / f"{name}.py").symlink_to(PLUGINS / f"{name}.py")
        (self.place / ".ipa").mkdir()
        (self.place / ".ipa" / "default.conf").write_text(
            f"[global]\nbasedn = {ipatree.SUFFIX}\nrealm = LAB.TEST\ndomain = lab.test\nhost = client.lab.test\n")


class _Silent(WSGIRequestHandler):
    def log_message(self, *_: Any) -> None:
        pass


sys.path.insert(0, str(HERE.parent))  # rollcall_ipa
