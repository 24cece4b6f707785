# SPDX-License-Identifier: GPL-3.0-or-later
"""The command `lab`: which lab is meant, the verbs, and what they print."""
import argparse
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, Sequence

from lablib.client import Lab
from lablib.errors import LabError
from lablib.layout import ENGINES, Spec
from lablib.links import MODES


def _note() -> Path:
    """Where the directory of the lab that was started last is written down."""
    state = os.environ.get("XDG_STATE_HOME") or Path.home() / ".local" / "state"
    return Path(state) / "rollcall-lab"


def _lab(options: argparse.Namespace) -> Lab:
    if directory := options.dir or os.environ.get("LAB_DIR"):
        return Lab(Path(directory))
    try:
        return Lab(Path(_note().read_text(encoding="utf-8").strip()))
    except FileNotFoundError:
        raise LabError("which lab? Give --dir DIR, or set LAB_DIR") from None


def find_binaries(wish: str | None = None) -> str:
    """Where `rollcall` is: as wished, else as ROLLCALL_BIN says, else in the usual build."""
    built = Path(__file__).resolve().parents[2] / "build" / "dev" / "bin"
    place = Path(wish or os.environ.get("ROLLCALL_BIN") or built).absolute()
    if not (place / "rollcall").exists():
        raise LabError(f"there is no rollcall in {place}: build it, or say with --bin where it is")
    return str(place)


def _up(options: argparse.Namespace) -> None:
    binaries = find_binaries(options.bin)
    directory = options.dir or tempfile.mkdtemp(prefix="rollcall-lab-")
    spec = Spec(directory, binaries, options.masters, options.zone or ["example.test"], not options.no_agents,
                engine=options.engine)
    began = time.monotonic()

    def show(event: dict[str, Any]) -> None:
        details = " ".join(f"{key}={value}" for key, value in event.items() if key != "event")
        print(f"{time.monotonic() - began:5.1f}s  {event['event']} {details}".rstrip(), flush=True)

    lab = Lab.up(spec, show)
    _note().parent.mkdir(parents=True, exist_ok=True)
    _note().write_text(f"{lab.root}\n", encoding="utf-8")
    print(f"the lab is in {lab.root}; all about it: {lab.root / 'lab.json'}")


def _show_status(lab: Lab) -> None:
    info, status = lab.info(), lab.status()
    processes = info["processes"]
    for role, running in status["processes"].items():
        print(f"{role:16} {'runs, pid ' + str(processes[role]['pid']) if running else 'does not run'}")
    for one, other, mode in status["cuts"]:
        print(f"{one}-{other:14} cut ({mode})")
    if status["registry_paused"]:
        print(f"{'registry':16} paused")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="lab", description="Several masters, a parent and resolvers on one machine.")
    verbs = parser.add_subparsers(dest="verb", required=True, metavar="VERB")

    def verb(name: str, text: str) -> argparse.ArgumentParser:
        one = verbs.add_parser(name, help=text, description=text)
        one.add_argument("--dir", help="the lab's directory (else LAB_DIR, else the lab that was started last)")
        return one

    up = verb("up", "start a lab")
    up.add_argument("--masters", type=int, default=3)
    up.add_argument("--engine", choices=ENGINES, default="slapd", help="of the directories (default: %(default)s)")
    up.add_argument("--zone", action="append", help="a zone below test.; may be given several times")
    up.add_argument("--bin", help="where rollcall and rollcalld are (else ROLLCALL_BIN, else build/dev/bin)")
    up.add_argument("--no-agents", action="store_true", help="directories and DNS servers only")
    cut = verb("cut", "stop replication between two masters, both ways")
    cut.add_argument("one", metavar="A")
    cut.add_argument("other", metavar="B")
    cut.add_argument("--mode", choices=MODES, default="close", help="refuse connections, or swallow all they say")
    verb("heal", "undo all cuts")
    for name, text in (("kill", "kill -9 slapd, named and agent of a master"), ("start", "start them again")):
        one = verb(name, text)
        one.add_argument("master", metavar="A")
        one.add_argument("--only", action="append", default=[], choices=("slapd", "named", "agent"))
    registry = verb("registry", "let the parent's registry rest, or go on")
    registry.add_argument("what", choices=("pause", "resume"))
    verb("status", "what runs and what is cut")
    verb("down", "end everything")
    return parser


def _act(options: argparse.Namespace) -> None:
    if options.verb == "up":
        return _up(options)
    lab = _lab(options)
    match options.verb:
        case "cut": lab.cut(options.one, options.other, options.mode)
        case "heal": lab.heal()
        case "kill": lab.kill(options.master, options.only)
        case "start": lab.start(options.master, options.only)
        case "registry": lab.pause_registry(options.what == "pause")
        case "status": _show_status(lab)
        case "down": lab.down()


def main(arguments: Sequence[str] | None = None) -> int:
    options = _parser().parse_args(arguments)
    try:
        _act(options)
    except LabError as error:
        print(f"lab: {error}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0
