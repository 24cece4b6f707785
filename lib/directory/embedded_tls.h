// SPDX-License-Identifier: GPL-3.0-or-later
// The authority of an embedded directory and the certificates of its servers.
//
// Nothing here expires: a replication that stops after some years because nobody renewed a
// certificate would be an outage of our own making, and the authority has no other use.
#pragma once

#include <string>

#include "lib/core/types.h"
#include "lib/util/result.h"
#include "lib/util/secret.h"

namespace rollcall::directory {

struct CertifiedKey {
  std::string certificate;  ///< PEM.
  Secret key;               ///< PEM, PKCS #8, not encrypted. ECDSA P-256.
};

Result<CertifiedKey> make_authority();

/// A server certificate for one DNS name or IP address.
///
/// Errors  malformed if the authority is none.
Result<CertifiedKey> issue_certificate(const CertifiedKey& authority, const std::string& host);

/// 256 random bits as hexadecimal digits.
Secret make_replication_secret();

Uuid make_uuid();  ///< Version 4: random. RFC 9562, 5.4.

}  // namespace rollcall::directory
