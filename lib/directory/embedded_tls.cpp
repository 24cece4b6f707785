// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/embedded_tls.h"

#include <openssl/bio.h>
#include <openssl/evp.h>
#include <openssl/pem.h>
#include <openssl/rand.h>
#include <openssl/x509v3.h>

#include <array>
#include <memory>

#include "lib/directory/embedded_bundle.h"
#include "lib/util/must.h"

namespace rollcall::directory {
namespace {

template <auto Free>
struct Freer {
  template <class T>
  void operator()(T* pointer) const {
    Free(pointer);
  }
};
using Key = std::unique_ptr<EVP_PKEY, Freer<EVP_PKEY_free>>;
using Certificate = std::unique_ptr<X509, Freer<X509_free>>;
using Bio = std::unique_ptr<BIO, Freer<BIO_free_all>>;
using Extension = std::unique_ptr<X509_EXTENSION, Freer<X509_EXTENSION_free>>;

struct Pair {
  Key key;
  Certificate certificate;
};

std::string pem_of(X509& certificate) {
  const Bio bio{BIO_new(BIO_s_mem())};
  MUST(bio && PEM_write_bio_X509(bio.get(), &certificate) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return {data, static_cast<std::size_t>(size)};
}

// OpenSSL's secure heap is not set up here; the buffer is wiped when the BIO is freed all the same.
Secret pem_of(EVP_PKEY& key) {
  const Bio bio{BIO_new(BIO_s_secmem())};
  MUST(bio && PEM_write_bio_PrivateKey(bio.get(), &key, nullptr, nullptr, 0, nullptr, nullptr) == 1);
  char* data = nullptr;
  const long size = BIO_get_mem_data(bio.get(), &data);
  return Secret::copy_of(as_bytes({data, static_cast<std::size_t>(size)}));
}

Bio bio_over(ByteView bytes) {
  return Bio{BIO_new_mem_buf(bytes.data(), static_cast<int>(bytes.size()))};
}

Result<Pair> parse(const CertifiedKey& pem) {
  const Bio key = bio_over(pem.key.view());
  const Bio certificate = bio_over(as_bytes(pem.certificate));
  Pair pair{Key{PEM_read_bio_PrivateKey(key.get(), nullptr, nullptr, nullptr)},
            Certificate{PEM_read_bio_X509(certificate.get(), nullptr, nullptr, nullptr)}};
  if (!pair.key || !pair.certificate ||
      X509_check_private_key(pair.certificate.get(), pair.key.get()) != 1) {
    return fail(Errc::malformed, "authority: no certificate with its key");
  }
  return pair;
}

void add_extension(X509& certificate, X509& issuer, int nid, const std::string& value) {
  X509V3_CTX context;
  X509V3_set_ctx_nodb(&context);
  X509V3_set_ctx(&context, &issuer, &certificate, nullptr, nullptr, 0);
  const Extension extension{X509V3_EXT_conf_nid(nullptr, &context, nid, value.c_str())};
  MUST(extension && X509_add_ext(&certificate, extension.get(), -1) == 1);
}

// Valid since before there was Rollcall and for ever (RFC 5280, 4.1.2.5), so by any clock.
void set_times(X509& certificate) {
  MUST(ASN1_TIME_set_string_X509(X509_getm_notBefore(&certificate), "20200101000000Z") == 1);
  MUST(ASN1_TIME_set_string_X509(X509_getm_notAfter(&certificate), "99991231235959Z") == 1);
}

void set_serial(X509& certificate) {
  std::array<unsigned char, 16> bytes{};
  MUST(RAND_bytes(bytes.data(), bytes.size()) == 1);
  bytes[0] &= 0x7f;  // positive
  bytes[0] |= 0x40;  // of full length
  BIGNUM* number = BN_bin2bn(bytes.data(), bytes.size(), nullptr);
  MUST(number && BN_to_ASN1_INTEGER(number, X509_get_serialNumber(&certificate)));
  BN_free(number);
}

void set_name(X509_NAME& name, const std::string& common_name) {
  MUST(X509_NAME_add_entry_by_NID(&name, NID_commonName, MBSTRING_UTF8,
                                  reinterpret_cast<const unsigned char*>(common_name.data()),
                                  static_cast<int>(common_name.size()), -1, 0) == 1);
}

// A new key and a certificate for it that lacks issuer, extensions and signature.
Pair begin(const std::string& common_name) {
  Pair pair{Key{EVP_EC_gen("P-256")}, Certificate{X509_new()}};
  MUST(pair.key && pair.certificate);
  X509& certificate = *pair.certificate;
  MUST(X509_set_version(&certificate, X509_VERSION_3) == 1);
  set_serial(certificate);
  set_times(certificate);
  set_name(*X509_get_subject_name(&certificate), common_name);
  MUST(X509_set_pubkey(&certificate, pair.key.get()) == 1);
  return pair;
}

CertifiedKey sign(const Pair& subject, EVP_PKEY& issuer_key) {
  MUST(X509_sign(subject.certificate.get(), &issuer_key, EVP_sha256()) > 0);
  return {pem_of(*subject.certificate), pem_of(*subject.key)};
}

std::string alternative_name(const std::string& host) { return (is_address(host) ? "IP:" : "DNS:") + host; }

}  // namespace

Result<CertifiedKey> make_authority() {
  const Pair pair = begin("Rollcall directory authority");
  X509& certificate = *pair.certificate;
  MUST(X509_set_issuer_name(&certificate, X509_get_subject_name(&certificate)) == 1);
  add_extension(certificate, certificate, NID_subject_key_identifier, "hash");
  add_extension(certificate, certificate, NID_basic_constraints, "critical,CA:TRUE,pathlen:0");
  add_extension(certificate, certificate, NID_key_usage, "critical,keyCertSign");
  return sign(pair, *pair.key);
}

Result<CertifiedKey> issue_certificate(const CertifiedKey& authority, const std::string& host) {
  const auto issuer = parse(authority);
  if (!issuer) return tl::unexpected(issuer.error());
  const Pair pair = begin("Rollcall directory server");
  X509& certificate = *pair.certificate;
  X509& issuer_certificate = *issuer->certificate;
  MUST(X509_set_issuer_name(&certificate, X509_get_subject_name(&issuer_certificate)) == 1);
  add_extension(certificate, issuer_certificate, NID_subject_key_identifier, "hash");
  add_extension(certificate, issuer_certificate, NID_authority_key_identifier, "keyid:always");
  add_extension(certificate, issuer_certificate, NID_basic_constraints, "critical,CA:FALSE");
  add_extension(certificate, issuer_certificate, NID_key_usage, "critical,digitalSignature");
  add_extension(certificate, issuer_certificate, NID_ext_key_usage, "serverAuth");
  add_extension(certificate, issuer_certificate, NID_subject_alt_name, alternative_name(host));
  return sign(pair, *issuer->key);
}

Secret make_replication_secret() {
  Secret random{32};
  MUST(RAND_bytes(reinterpret_cast<unsigned char*>(random.data()), static_cast<int>(random.size())) == 1);
  return Secret::copy_of(as_bytes(to_hex(random.view())));
}

Uuid make_uuid() {
  Uuid uuid;
  MUST(RAND_bytes(reinterpret_cast<unsigned char*>(uuid.bytes.data()), uuid.bytes.size()) == 1);
  uuid.bytes[6] = (uuid.bytes[6] & std::byte{0x0f}) | std::byte{0x40};
  uuid.bytes[8] = (uuid.bytes[8] & std::byte{0x3f}) | std::byte{0x80};
  return uuid;
}

}  // namespace rollcall::directory
