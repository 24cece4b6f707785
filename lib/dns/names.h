// SPDX-License-Identifier: GPL-3.0-or-later
// Zone names: one strict way in, so that everything behind it may use a name as a path, as an
// argument of a program and as a part of a DN.
#pragma once

#include <string>
#include <string_view>

#include "lib/core/types.h"
#include "lib/util/result.h"

namespace rollcall::dns {

/// Makes a zone name of what a person typed: lower case, with the final dot.
///
/// text    Presentation form; the final dot may lack. Labels of letters, digits, `-` and `_`, none
///         of which begins or ends with `-`. No escapes, so the text and the wire form correspond.
/// Errors  malformed: anything else, the root, a label above 63 or a name above 255 bytes of wire
///         form; for UTF-8 the text points to the A-label.
/// Source  RFC 1035, 2.3.4 and 3.1; RFC 5890, 2.3.2.1.
Result<ZoneName> canonical_zone(std::string_view text);

/// Uncompressed wire form. `zone` is one that canonical_zone() made; aborts otherwise.
Bytes zone_wire(const ZoneName& zone);

/// A name for the directory of a zone: the zone name without the final dot. Never `.`, `..` or
/// empty.
std::string zone_file_name(const ZoneName& zone);

}  // namespace rollcall::dns
