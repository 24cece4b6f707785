// SPDX-License-Identifier: GPL-3.0-or-later
// Asks each CA of a tree of FreeIPA whether it generates the list of revoked certificates (CRL). The directory
// does not say: the one that does gives /ipa/crl/MasterCRL.bin, all others redirect to their own view of it.
#pragma once

#include <boost/asio/io_context.hpp>
#include <chrono>
#include <functional>
#include <map>
#include <string>
#include <utility>
#include <vector>

#include "lib/util/result.h"

namespace rollcall::agent {

/// Where the web server of a CA is asked.
struct WebServer {
  std::string host;     ///< As the others know it.
  std::string address;  ///< Of it: a name or an address.
  std::uint16_t port = 80;
};

using CrlAnswers = std::map<std::string, Result<bool>>;  ///< By host: whether it generates the CRL.

/// Asks all at once, over HTTP. Calls `done` once, from the loop.
///
/// patience  When it does so at the latest.
/// Errors  of one: unavailable (no connection, not in time); malformed (another status than 200 or a redirect).
/// Source  RFC 9110, 9.3.2 and 15.4.
void look_at_crls(boost::asio::io_context& loop, const std::vector<WebServer>& servers,
                  std::function<void(CrlAnswers)> done,
                  std::chrono::milliseconds patience = std::chrono::seconds{3});

}  // namespace rollcall::agent
