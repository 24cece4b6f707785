// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/dns/zone.h"

#include <fmt/format.h>

#include "lib/dns/records.h"

namespace rollcall::dns {
namespace {

bool is_empty(std::string_view line) {
  const std::size_t first = line.find_first_not_of(" \t\r\n");
  return first == std::string_view::npos || line[first] == ';';
}

}  // namespace

Zone::Zone(ZoneName name, std::unique_ptr<Records> records)
    : name_(std::move(name)), records_(std::move(records)) {}
Zone::~Zone() = default;
Zone::Zone(Zone&&) noexcept = default;
Zone& Zone::operator=(Zone&&) noexcept = default;

std::size_t Zone::size() const { return ldns_rr_list_rr_count(records_->list.get()); }

Result<Zone> zone_from_text(const ZoneName& name, std::string_view text) {
  auto records = std::make_unique<Zone::Records>(Zone::Records{RrListPtr(ldns_rr_list_new())});
  for (std::size_t number = 1; !text.empty(); ++number) {
    const std::size_t end = std::min(text.find('\n'), text.size() - 1);
    const std::string line(text.substr(0, end + 1));
    text.remove_prefix(end + 1);
    if (is_empty(line)) continue;
    ldns_rr* record = nullptr;
    const auto status = ldns_rr_new_frm_str(&record, line.c_str(), 0, nullptr, nullptr);
    if (status != LDNS_STATUS_OK) {
      return fail(Errc::malformed,
                  fmt::format("{} line {}: {}", name, number, ldns_get_errorstr_by_id(status)));
    }
    ldns_rr_list_push_rr(records->list.get(), record);
  }
  return Zone(name, std::move(records));
}

}  // namespace rollcall::dns
