// SPDX-License-Identifier: GPL-3.0-or-later
// BIND's and OpenSSL's programs read the keys that we make, and we read theirs.
#include <algorithm>
#include <catch2/catch.hpp>
#include <string>

#include "lib/crypto/digest.h"
#include "lib/crypto/zone_key.h"
#include "tests/crypto/hex.h"
#include "tests/crypto/tools.h"

using namespace rollcall;
using namespace rollcall::crypto;

namespace {

constexpr Algorithm algorithms[] = {Algorithm::ecdsap256sha256, Algorithm::ecdsap384sha384,
                                    Algorithm::ed25519, Algorithm::rsasha256};
constexpr std::string_view zone_wire{"\7example\4test\0", 14};

std::string with_zeros(int number, std::size_t width) {
  const std::string digits = std::to_string(number);
  return std::string(width - digits.size(), '0') + digits;
}

// Kexample.test.+013+55648
std::string base_name(const NewKey& key, Algorithm algorithm) {
  return "Kexample.test.+" + with_zeros(static_cast<int>(algorithm), 3) + "+" +
         with_zeros(key_tag(key.dnskey).value(), 5);
}

std::string record(const NewKey& key, Role role, Algorithm algorithm) {
  return "example.test. 3600 IN DNSKEY " + std::to_string(dnskey_flags(role)) + " 3 " +
         std::to_string(static_cast<int>(algorithm)) + " " +
         to_base64(ByteView{key.dnskey}.subspan(4)) + "\n";
}

struct ExportedKey {
  NewKey key;
  std::string record;
  std::string path;  // Without .key or .private.
};

ExportedKey exported(const TemporaryDirectory& directory, Role role, Algorithm algorithm) {
  NewKey key = generate(role, algorithm).value();
  const std::string name = base_name(key, algorithm);
  std::string text = record(key, role, algorithm);
  directory.write(name + ".key", text);
  directory.write(name + ".private", bind_private_key(key.private_key, algorithm).value().text());
  return {std::move(key), std::move(text), directory.path(name)};
}

// RFC 4034, 5.1.4, in upper case as BIND prints it.
std::string ds_digest(const NewKey& key) {
  std::string digits = to_hex(sha256(joined(as_bytes(zone_wire), key.dnskey)));
  std::ranges::transform(digits, digits.begin(), [](char c) {
    return c >= 'a' && c <= 'f' ? static_cast<char>(c - 'a' + 'A') : c;
  });
  return digits;
}

Outcome sign_zone(const TemporaryDirectory& directory, const ExportedKey& ksk,
                  const ExportedKey& zsk) {
  directory.write("zone",
                  "example.test. 3600 IN SOA ns.example.test. root.example.test. 1 2 3 4 5\n"
                  "example.test. 3600 IN NS ns.example.test.\n"
                  "ns.example.test. 3600 IN A 192.0.2.1\n" +
                      ksk.record + zsk.record);
  return run(directory, {"dnssec-signzone", "-o", "example.test", "-d", directory.path(""), "-k",
                         ksk.path, directory.path("zone"), zsk.path});
}

void expect(const Outcome& outcome) {
  INFO(outcome.output);
  CHECK(outcome.status == 0);
}

}  // namespace

TEST_CASE("BIND signs a zone with our keys, and verifies it", "[tools]") {
  for (const Algorithm algorithm : algorithms) {
    CAPTURE(mnemonic(algorithm));
    const TemporaryDirectory directory;
    const ExportedKey ksk = exported(directory, Role::ksk, algorithm);
    const ExportedKey zsk = exported(directory, Role::zsk, algorithm);
    expect(sign_zone(directory, ksk, zsk));
    expect(run(directory,
               {"dnssec-verify", "-o", "example.test", directory.path("zone") + ".signed"}));
  }
}

TEST_CASE("BIND signs nothing with a key whose DNSKEY is another's", "[tools]") {
  for (const Algorithm algorithm : algorithms) {
    CAPTURE(mnemonic(algorithm));
    const TemporaryDirectory directory;
    const ExportedKey ksk = exported(directory, Role::ksk, algorithm);
    const ExportedKey zsk = exported(directory, Role::zsk, algorithm);
    const NewKey other = generate(Role::zsk, algorithm).value();
    const std::string private_file = base_name(zsk.key, algorithm) + ".private";
    directory.write(private_file, bind_private_key(other.private_key, algorithm).value().text());
    CHECK(sign_zone(directory, ksk, zsk).status != 0);
  }
}

TEST_CASE("BIND finds the tag and the DS that we find, and no times", "[tools]") {
  for (const Algorithm algorithm : algorithms) {
    CAPTURE(mnemonic(algorithm));
    const TemporaryDirectory directory;
    const ExportedKey key = exported(directory, Role::ksk, algorithm);
    const Outcome ds = run(directory, {"dnssec-dsfromkey", "-a", "SHA-256", key.path + ".key"});
    CHECK(ds.output == "example.test. IN DS " + std::to_string(key_tag(key.key.dnskey).value()) +
                           " " + std::to_string(static_cast<int>(algorithm)) + " 2 " +
                           ds_digest(key.key) + "\n");
    const Outcome times = run(directory, {"dnssec-settime", "-p", "all", key.path});
    expect(times);
    CHECK(times.output.find("Activate: UNSET") != std::string::npos);
    CHECK(times.output.find("20") == std::string::npos);  // no year anywhere
  }
}

TEST_CASE("BIND finds the tag that we find when it revokes a key", "[tools]") {
  const TemporaryDirectory directory;
  const auto algorithm = Algorithm::ed25519;
  const ExportedKey key = exported(directory, Role::ksk, algorithm);
  const Outcome revoked = run(directory, {"dnssec-revoke", "-R", key.path});
  INFO(revoked.output);
  CHECK(revoked.output == std::to_string(key_tag_revoked(key.key.dnskey).value()) + "\n");
}

TEST_CASE("OpenSSL reads our private keys and writes the same bytes", "[tools]") {
  for (const Algorithm algorithm : algorithms) {
    CAPTURE(mnemonic(algorithm));
    const TemporaryDirectory directory;
    const NewKey key = generate(Role::zsk, algorithm).value();
    directory.write("ours", key.private_key.text());
    expect(run(directory,
               {"openssl", "pkcs8", "-topk8", "-nocrypt", "-inform", "DER", "-in",
                directory.path("ours"), "-outform", "DER", "-out", directory.path("theirs")}));
    CHECK((directory.read("theirs") == key.private_key.text()));
  }
}

TEST_CASE("we read OpenSSL's private keys, and find its public keys", "[tools]") {
  const std::pair<Algorithm, std::vector<std::string>> makes[] = {
      {Algorithm::ecdsap256sha256, {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-256"}},
      {Algorithm::ecdsap384sha384, {"-algorithm", "EC", "-pkeyopt", "ec_paramgen_curve:P-384"}},
      {Algorithm::ed25519, {"-algorithm", "ED25519"}},
  };
  for (const auto& [algorithm, options] : makes) {
    CAPTURE(mnemonic(algorithm));
    const TemporaryDirectory directory;
    std::vector<std::string> make{"openssl", "genpkey", "-out", directory.path("pem")};
    make.insert(make.end(), options.begin(), options.end());
    expect(run(directory, make));
    expect(run(directory, {"openssl", "pkcs8", "-topk8", "-nocrypt", "-in", directory.path("pem"),
                           "-outform", "DER", "-out", directory.path("key")}));
    const Secret key = secret(as_bytes(directory.read("key")));
    const Bytes dnskey = dnskey_of(key, Role::ksk, algorithm).value();
    CHECK(prove(key, algorithm, dnskey));

    expect(run(directory, {"openssl", "pkey", "-in", directory.path("pem"), "-pubout", "-outform",
                           "DER", "-out", directory.path("public")}));
    // SubjectPublicKeyInfo ends with the key (RFC 5480, 2.2; RFC 8410, 4).
    const std::string wire{as_text(ByteView{dnskey}.subspan(4))};
    CHECK(directory.read("public").ends_with(wire));
  }
}

TEST_CASE("BIND writes an RSA key again as we wrote it", "[tools]") {
  const TemporaryDirectory directory;
  const ExportedKey key = exported(directory, Role::ksk, Algorithm::rsasha256);
  const std::string name = base_name(key.key, Algorithm::rsasha256);
  const std::string ours = directory.read(name + ".private");
  // BIND writes the file anew when it sets a time, and adds only that.
  expect(run(directory, {"dnssec-settime", "-P", "20300101000000", key.path}));
  const std::string theirs = directory.read(name + ".private");
  CHECK((theirs == ours + "Publish: 20300101000000\n"));
}
