#!/usr/bin/python3
# SPDX-License-Identifier: GPL-3.0-or-later
"""Shows that the core is pure: purity.py SOURCE_DIR CORE_ARCHIVE NM

No file of lib/core includes anything but itself, lib/util and a few standard headers, and none of
its objects calls anything but memory, containers, exceptions' plumbing, one logarithm and util's
pure functions: no clock, chance, file, socket, thread or log.
"""
import pathlib
import re
import subprocess
import sys

HEADERS = set("""algorithm array bit charconv chrono cmath compare cstddef cstdint cstring deque functional
initializer_list iterator limits map memory optional set span string string_view tuple unordered_map utility
variant vector""".split())

# What containers, strings, std::function, std::shared_ptr (which counts as its program has threads) and exceptions' plumbing are made of.
ALLOWED = re.compile(r"""^(
    rollcall::.*
  | (non-virtual\ thunk\ to|vtable\ for|typeinfo\ for|typeinfo\ name\ for|guard\ variable\ for)\ .*
  | operator\ (new|delete)(\[\])?
  | mem(cpy|move|set|cmp|chr) | bcmp | strlen | strcmp | __libc_single_threaded | log1p(f|l)? | expm1(f|l)?
  | __(gxx_personality_v0|dso_handle|stack_chk_fail|tls_get_addr) | _Unwind_Resume
  | __cxa_(atexit|guard_(acquire|release|abort)|begin_catch|end_catch|rethrow|throw
          |allocate_exception|free_exception|throw_bad_array_new_length|pure_virtual)
  | std::__throw_\w+ | std::_Rb_tree_\w+ | std::__detail::_List_node_base::\w+
  | std::terminate | std::nothrow | std::exception::~?\w+ | std::bad_\w+::.*
  | std::(__cxx11::)?(basic_string|to_chars|from_chars|__detail::).*
  | void\ std::__cxx11::basic_string.*
  | _GLOBAL_OFFSET_TABLE_ | __(asan|ubsan)_\w+ | __sanitizer_\w+
)$""", re.VERBOSE)


def foreign_includes(core: pathlib.Path) -> list[str]:
    found = []
    for path in sorted(core.glob("*.[hc]*")):
        for line in path.read_text().splitlines():
            include = re.match(r'#include ([<"])([^>"]+)[>"]', line)
            if not include:
                continue
            quote, name = include.groups()
            ours = quote == '"' and name.startswith(("lib/core/", "lib/util/"))
            if not ours and not (quote == "<" and name in HEADERS):
                found.append(f"{path.name}: {line}")
    return found


def foreign_calls(archive: str, nm: str) -> list[str]:
    output = subprocess.run([nm, "-u", "-C", archive], check=True, capture_output=True, text=True).stdout
    names = {line.split(None, 1)[1].strip() for line in output.splitlines() if line.lstrip().startswith("U ")}
    return sorted(name for name in names if not ALLOWED.match(re.sub(r"\(.*|<.*", "", name)))


def main() -> int:
    source, archive, nm = sys.argv[1:]
    wrong = foreign_includes(pathlib.Path(source) / "lib" / "core") + foreign_calls(archive, nm)
    for line in wrong:
        print("not pure:", line)
    return 1 if wrong else 0


if __name__ == "__main__":
    sys.exit(main())
