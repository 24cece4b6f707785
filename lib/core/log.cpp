// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/log.h"

#include "lib/util/must.h"

namespace rollcall {

void FactLog::append(Author& author, Fact fact) {
  const Digest before = author.chain.empty() ? Digest{} : author.chain.back();
  author.chain.push_back(chain_(before, fact.signature));
  author.ordered.push_back(std::move(fact));
  ++size_;
}

FactLog::Added FactLog::add(Fact fact) {
  MUST(fact.id.seq > 0);
  if (const Fact* held = find(fact.id)) {
    if (held->signature == fact.signature) return Added::known;
    contradicted_.insert(fact.id.author);
    return Added::contradiction;
  }
  Author& author = authors_[fact.id.author];
  if (fact.id.seq != author.ordered.size() + 1) {
    author.early.emplace(fact.id.seq, std::move(fact));
    return Added::added;
  }
  append(author, std::move(fact));
  while (!author.early.empty() && author.early.begin()->first == author.ordered.size() + 1) {
    append(author, std::move(author.early.extract(author.early.begin()).mapped()));
  }
  return Added::added;
}

const Fact* FactLog::find(const FactId& id) const {
  const auto found = authors_.find(id.author);
  if (found == authors_.end() || id.seq == 0) return nullptr;
  const Author& author = found->second;
  if (id.seq <= author.ordered.size()) return &author.ordered[id.seq - 1];
  const auto early = author.early.find(id.seq);
  return early == author.early.end() ? nullptr : &early->second;
}

std::uint64_t FactLog::prefix(const Incarnation& author) const {
  const auto found = authors_.find(author);
  return found == authors_.end() ? 0 : found->second.ordered.size();
}

std::optional<Digest> FactLog::digest(const Incarnation& author, std::uint64_t seq) const {
  if (seq == 0) return Digest{};
  const auto found = authors_.find(author);
  if (found == authors_.end() || seq > found->second.chain.size()) return std::nullopt;
  return found->second.chain[seq - 1];
}

const std::deque<Fact>& FactLog::in_order(const Incarnation& author) const {
  static const std::deque<Fact> none;
  const auto found = authors_.find(author);
  return found == authors_.end() ? none : found->second.ordered;
}

std::vector<Fact> FactLog::take_early(const Incarnation& author, std::uint64_t above) {
  std::vector<Fact> taken;
  const auto found = authors_.find(author);
  if (found == authors_.end()) return taken;
  auto& early = found->second.early;
  for (auto at = early.upper_bound(above); at != early.end(); at = early.erase(at)) {
    taken.push_back(std::move(at->second));
  }
  return taken;
}

std::vector<Incarnation> FactLog::authors() const {
  std::vector<Incarnation> list;
  for (const auto& [author, facts] : authors_) list.push_back(author);
  return list;
}

}  // namespace rollcall
