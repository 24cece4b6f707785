// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/directory/codec_fields.h"

namespace rollcall::directory {

const Bytes* Reader::single(const char* name) {
  asked_.insert(name);
  const auto found = attributes_.find(name);
  if (found == attributes_.end() || found->second.empty()) return nullptr;
  if (found->second.size() > 1) complain(name, "has more than one value");
  return &found->second.front();
}

const Bytes* Reader::required(const char* name) {
  const Bytes* value = single(name);
  if (!value) complain(name, "is missing");
  return value;
}

std::vector<Bytes> Reader::sorted(const char* name) {
  asked_.insert(name);
  const auto found = attributes_.find(name);
  if (found == attributes_.end()) return {};
  std::vector<Bytes> values = found->second;
  std::ranges::sort(values);
  if (std::ranges::adjacent_find(values) != values.end()) complain(name, "has a value twice");
  return values;
}

std::string Reader::unasked() const {
  const auto names = all_unasked();
  return names.empty() ? std::string{} : names.front();
}

std::vector<std::string> Reader::all_unasked() const {
  std::vector<std::string> names;
  for (const auto& [name, values] : attributes_) {
    if (!asked_.contains(name)) names.push_back(name);
  }
  return names;
}

void Reader::complain(const std::string& name, const std::string& what) {
  if (complaint_.empty()) complaint_ = name + ' ' + what;
}

}  // namespace rollcall::directory
