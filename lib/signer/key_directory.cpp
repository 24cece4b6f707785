// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/signer/key_directory.h"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <climits>

#include "lib/dns/names.h"
#include "lib/signer/durable_file.h"
#include "lib/signer/key_times.h"

namespace rollcall::signer {
namespace {

namespace fs = std::filesystem;

constexpr std::string_view private_ending = ".private", public_ending = ".key";
constexpr mode_t directory_mode = 02750, shared_mode = 02770, private_mode = 0640, public_mode = 0644;

tl::unexpected<Error> cannot(std::string_view doing, const fs::path& path) {
  return tl::unexpected(file_error(doing, path, errno));
}

// Each step can be repeated: a crash between them is repaired by the next call.
Result<> make_directory(const fs::path& path, const fs::path& root, mode_t mode) {
  struct stat parent {
  }, own{};
  if (stat(root.c_str(), &parent) != 0) return cannot("use", root);
  if (mkdir(path.c_str(), 0700) != 0) return cannot("create", path);
  if (stat(path.c_str(), &own) != 0) return cannot("use", path);
  if (own.st_gid != parent.st_gid &&
      chown(path.c_str(), static_cast<uid_t>(-1), parent.st_gid) != 0) {
    return cannot("change the group of", path);
  }
  if (chmod(path.c_str(), mode) != 0) return cannot("change the mode of", path);
  return sync_directory(root);
}

bool is_there(const fs::path& path) {
  struct stat own {};
  return stat(path.c_str(), &own) == 0;
}

fs::path path_of(const fs::path& root, const ZoneName& zone, KeyLayout layout) {
  const fs::path own = root / dns::zone_file_name(zone);
  return layout == KeyLayout::dyndb_ldap ? own / "keys" : own;
}

// A crash between the steps of make_directory() leaves an empty one of mode 0700: begin again.
void clear_half_made(const fs::path& path) {
  struct stat own {};
  if (stat(path.c_str(), &own) == 0 && (own.st_mode & 07777) == 0700) rmdir(path.c_str());
}

Result<> make_once(const fs::path& path, const fs::path& root, mode_t mode) {
  clear_half_made(path);
  return is_there(path) ? Result<>{} : make_directory(path, root, mode);
}

bool is_foreign(const fs::path& file) {
  if (file.extension() != public_ending) return false;
  const auto text = read_file(file);
  return text && *text &&
         (*text)->text().substr(0, dns::written_by_rollcall.size()) != dns::written_by_rollcall;
}

}  // namespace

Result<> check_key_file_names(const ZoneName& zone) {
  constexpr std::size_t longest = NAME_MAX - std::string_view("K+013+12345.private").size();
  if (zone.size() <= longest) return {};
  return fail(Errc::malformed,
              fmt::format("zone {} cannot have key files: its name is longer than {} bytes", zone,
                          longest));
}

KeyDirectory::KeyDirectory(const fs::path& root, ZoneName zone, KeyLayout layout)
    : root_(root), zone_(std::move(zone)), layout_(layout), path_(path_of(root_, zone_, layout_)) {}

std::string KeyDirectory::name(const KeyOrder& order, std::string_view ending) const {
  const dns::KeyFileName key{zone_, static_cast<std::uint8_t>(order.algorithm), order.key_tag};
  return to_string(key) + std::string(ending);
}

fs::path KeyDirectory::file(const KeyOrder& order, std::string_view ending) const {
  return path_ / name(order, ending);
}

Result<> KeyDirectory::prepare() {
  if (auto fits = check_key_file_names(zone_); !fits) return fits;
  if (layout_ == KeyLayout::dyndb_ldap) {
    if (auto made = make_once(path_.parent_path(), root_, shared_mode); !made) return made;
  }
  if (auto made = make_once(path_, path_.parent_path(), directory_mode); !made) return made;
  std::error_code error;
  for (fs::directory_iterator it(path_, error), end; !error && it != end; it.increment(error)) {
    if (it->path().filename().string().rfind(unfinished_prefix, 0) != 0) continue;
    if (auto removed = remove_file(it->path()); !removed) return removed;
  }
  if (error) return tl::unexpected(file_error("read", path_, error.value()));
  return {};
}

bool KeyDirectory::has(const KeyOrder& order) const {
  std::error_code ignored;
  return fs::exists(file(order, private_ending), ignored) ||
         fs::exists(file(order, public_ending), ignored);
}

std::string KeyDirectory::missing(std::span<const KeyOrder> orders) const {
  for (const KeyOrder& order : orders) {
    if (!order.publish && !order.sign_keys && !order.sign_zone) continue;
    for (const auto ending : {private_ending, public_ending}) {
      const auto present = read_file(file(order, ending));
      if (!present) return present.error().what;
      if (!*present) return fmt::format("{} is not in {}", name(order, ending), path_.string());
      if (ending == public_ending) continue;
      if (!dns::prove_private_key((*present)->text(), zone_, order.dnskey)) {
        return fmt::format("{} in {} is not the key that it should be", name(order, ending), path_.string());
      }
    }
  }
  return {};
}

Result<Secret> KeyDirectory::private_key(const KeyOrder& order) const {
  auto present = read_file(file(order, private_ending));
  if (present && *present && dns::prove_private_key((*present)->text(), zone_, order.dnskey)) {
    return std::move(**present);
  }
  if (!order.private_key) {
    return fail(Errc::not_found, fmt::format("the private key of {} is not in {} and was not given",
                                             name(order, ""), path_.string()));
  }
  auto given = order.private_key();
  if (!given) return given;
  if (auto proved = dns::prove_private_key(given->text(), zone_, order.dnskey); !proved) {
    return tl::unexpected(proved.error());
  }
  return given;
}

Result<bool> KeyDirectory::replace(Replacement& files, const std::string& name, ByteView content,
                                   unsigned mode) const {
  const auto old = read_file(path_ / name);
  if (old && *old && std::ranges::equal((*old)->view(), content)) return false;
  if (auto added = files.add(name, content, mode); !added) return tl::unexpected(added.error());
  return true;
}

Result<KeyChange> KeyDirectory::write_into(Replacement& files, const KeyOrder& order,
                                           Time now) const {
  const auto key = private_key(order);
  if (!key) return tl::unexpected(key.error());
  const auto before = dns::times_of_private_key_file(key->text()).value_or(dns::KeyTimes{});
  const auto times = times_for(order, before, now);
  const auto private_text = dns::private_key_file(key->text(), times);
  if (!private_text) return tl::unexpected(private_text.error());
  dns::KeyTimes creation;
  creation.created = times.created;
  const auto public_text = dns::public_key_file(zone_, order.dnskey, order.dnskey_ttl, creation);
  if (!public_text) return tl::unexpected(public_text.error());

  const auto private_changed =
      replace(files, name(order, private_ending), private_text->view(), private_mode);
  if (!private_changed) return tl::unexpected(private_changed.error());
  const auto public_changed =
      replace(files, name(order, public_ending), as_bytes(*public_text), public_mode);
  if (!public_changed) return tl::unexpected(public_changed.error());
  if (!*private_changed && !*public_changed) return KeyChange::none;
  return order.sign_zone && before.activate != times.activate ? KeyChange::activation
                                                              : KeyChange::files;
}

Result<KeyChange> KeyDirectory::write(std::span<const KeyOrder> orders, Time now) {
  Replacement files(path_);
  KeyChange all = KeyChange::none;
  for (const KeyOrder& order : orders) {
    const auto change = write_into(files, order, now);
    if (!change) return change;
    all = std::max(all, *change);
  }
  if (all == KeyChange::none) return all;
  if (auto durable = files.commit(); !durable) return tl::unexpected(durable.error());
  return all;
}

Result<> KeyDirectory::remove(const KeyOrder& order) {
  // The reverse order: what is left of a crash is not a key for named either.
  if (auto removed = remove_file(file(order, public_ending)); !removed) return removed;
  return remove_file(file(order, private_ending));
}

Result<> KeyDirectory::sync() { return sync_directory(path_); }

Result<std::vector<std::string>> KeyDirectory::foreign_files() const {
  std::vector<std::string> foreign;
  std::error_code error;
  for (fs::directory_iterator it(path_, error), end; !error && it != end; it.increment(error)) {
    if (is_foreign(it->path())) foreign.push_back(it->path().filename().string());
  }
  if (error) return tl::unexpected(file_error("read", path_, error.value()));
  std::sort(foreign.begin(), foreign.end());
  return foreign;
}

}  // namespace rollcall::signer
