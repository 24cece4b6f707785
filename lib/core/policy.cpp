// SPDX-License-Identifier: GPL-3.0-or-later
#include "lib/core/policy.h"

#include "lib/core/names.h"

namespace rollcall {
namespace {

constexpr Name<ZskRollover> zsk_rollovers[] = {{ZskRollover::pre_publication, "pre-publication"},
                                               {ZskRollover::double_signature, "double-signature"}};
constexpr Name<KskRollover> ksk_rollovers[] = {{KskRollover::double_ksk, "double-ksk"},
                                               {KskRollover::double_ds, "double-ds"},
                                               {KskRollover::double_rrset, "double-rrset"}};
constexpr Name<AlgorithmRollover> algorithm_rollovers[] = {
    {AlgorithmRollover::conservative, "conservative"}, {AlgorithmRollover::liberal, "liberal"}};
constexpr Name<Scheme> schemes[] = {{Scheme::ksk_zsk, "ksk+zsk"}, {Scheme::csk, "csk"}};

}  // namespace

std::string_view to_string(ZskRollover rollover) { return text_of(zsk_rollovers, rollover); }
std::string_view to_string(KskRollover rollover) { return text_of(ksk_rollovers, rollover); }
std::string_view to_string(AlgorithmRollover rollover) { return text_of(algorithm_rollovers, rollover); }
std::string_view to_string(Scheme scheme) { return text_of(schemes, scheme); }

std::optional<ZskRollover> zsk_rollover_from(std::string_view text) { return value_of(zsk_rollovers, text); }
std::optional<KskRollover> ksk_rollover_from(std::string_view text) { return value_of(ksk_rollovers, text); }
std::optional<AlgorithmRollover> algorithm_rollover_from(std::string_view text) {
  return value_of(algorithm_rollovers, text);
}
std::optional<Scheme> scheme_from(std::string_view text) { return value_of(schemes, text); }

}  // namespace rollcall
