// SPDX-License-Identifier: GPL-3.0-or-later
// All records of one zone at one serial, as a server gave them.
#pragma once

#include <cstddef>
#include <memory>
#include <string_view>

#include "lib/core/types.h"
#include "lib/util/result.h"

namespace rollcall::dns {

/// Owns the records; what is in them is for zone_view.h. Move-only.
class Zone {
 public:
  struct Records;  ///< Hides the DNS library.

  Zone(ZoneName name, std::unique_ptr<Records> records);
  ~Zone();
  Zone(Zone&&) noexcept;
  Zone& operator=(Zone&&) noexcept;

  const ZoneName& name() const { return name_; }
  std::size_t size() const;  ///< Records, the SOA once.
  const Records& records() const { return *records_; }

 private:
  ZoneName name_;
  std::unique_ptr<Records> records_;
};

/// Reads a zone in master-file form: one record a line, names absolute.
///
/// Errors  malformed, with the line number.
Result<Zone> zone_from_text(const ZoneName& name, std::string_view text);

}  // namespace rollcall::dns
