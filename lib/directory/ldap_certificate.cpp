// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/ldap_certificate.h"

#include <fmt/format.h>
#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/x509.h>

#include <cerrno>
#include <cstring>
#include <memory>

#include "lib/directory/ldap_private_file.h"

namespace rollcall::directory {
namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;

constexpr std::size_t max_key_bytes = 32768;  // of an RSA key of 16384 bits it is 12 KiB

tl::unexpected<Error> refuse(const std::string& file, std::string_view why) {
  return fail(Errc::denied, fmt::format("client certificate {}: {}", file, why));
}

std::string text_of(const ASN1_TIME* time) {
  const Bio bio{BIO_new(BIO_s_mem())};
  char* text = nullptr;
  if (!bio || ASN1_TIME_print_ex(bio.get(), time, ASN1_DTFLGS_ISO8601) != 1) return "a time that cannot be read";
  const long size = BIO_get_mem_data(bio.get(), &text);
  return {text, static_cast<std::size_t>(size)};
}

// An encrypted key would make OpenSSL ask the terminal for its passphrase.
int no_passphrase(char*, int, int, void*) { return -1; }

Result<Certificate> read_certificate(const std::string& file) {
  const Bio bio{BIO_new_file(file.c_str(), "r")};
  if (!bio) return refuse(file, std::strerror(errno));
  Certificate certificate{PEM_read_bio_X509(bio.get(), nullptr, nullptr, nullptr)};
  if (!certificate) return refuse(file, "no certificate in PEM");
  return certificate;
}

Result<Key> read_key(const std::string& file) {
  const auto pem = read_private_file("client key", file, max_key_bytes);
  if (!pem) return tl::unexpected(pem.error());
  const Bio bio{BIO_new_mem_buf(pem->data(), static_cast<int>(pem->size()))};
  Key key{bio ? PEM_read_bio_PrivateKey(bio.get(), nullptr, no_passphrase, nullptr) : nullptr};
  if (key) return key;
  return fail(Errc::denied, fmt::format("client key {}: no private key in PEM without a passphrase", file));
}

Result<> check_times(const std::string& file, const X509& certificate) {
  const ASN1_TIME* begin = X509_get0_notBefore(&certificate);
  const ASN1_TIME* end = X509_get0_notAfter(&certificate);
  if (X509_cmp_current_time(end) < 0) {
    return refuse(file, fmt::format("it expired at {}; put a new one there", text_of(end)));
  }
  if (X509_cmp_current_time(begin) > 0) {
    return refuse(file, fmt::format("it is valid from {} on; look at the clock, or put another one there", text_of(begin)));
  }
  return {};
}

}  // namespace

Result<> check_certificate(const ExternalAuth& auth) {
  const auto certificate = read_certificate(auth.certificate_file);
  if (!certificate) return tl::unexpected(certificate.error());
  const auto key = read_key(auth.key_file);
  if (!key) return tl::unexpected(key.error());
  if (X509_check_private_key(certificate->get(), key->get()) != 1) {
    return refuse(auth.certificate_file, fmt::format("it does not belong to the key in {}", auth.key_file));
  }
  return check_times(auth.certificate_file, **certificate);
}

}  // namespace rollcall::directory
