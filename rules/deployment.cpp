#include "rules/deployment.hpp"
#include <array>
#include <utility>

namespace backstop {
namespace {
constexpr std::array kPhases{
    std::pair{Phase::requested, "requested"},
    std::pair{Phase::gated, "gated"},
    std::pair{Phase::deploying, "deploying"},
    std::pair{Phase::watching, "watching"},
    std::pair{Phase::rolling_back, "rolling_back"},
    std::pair{Phase::succeeded, "succeeded"},
    std::pair{Phase::undecided, "undecided"},
    std::pair{Phase::rolled_back_verified, "rolled_back_verified"},
    std::pair{Phase::rollback_failed, "rollback_failed"},
    std::pair{Phase::aborted, "aborted"},
    std::pair{Phase::superseded, "superseded"},
    std::pair{Phase::refused, "refused"},
};
constexpr std::array kSignals{
    std::pair{SignalKind::critical_functionality, "critical-functionality"},
    std::pair{SignalKind::data_corruption, "data-corruption"},
    std::pair{SignalKind::security_incident, "security-incident"},
    std::pair{SignalKind::compliance_violation, "compliance-violation"},
    std::pair{SignalKind::user_report, "user-report"},
};
template <class Table, class E> std::string_view find_name(const Table& table, E value) {
  for (const auto& [v, name] : table) {
    if (v == value) return name;
  }
  return "";
}
template <class E, class Table> std::optional<E> find_value(const Table& table, std::string_view name) {
  for (const auto& [v, n] : table) {
    if (name == n) return v;
  }
  return std::nullopt;
}
} // namespace

std::string_view name_of(Phase phase) { return find_name(kPhases, phase); }
std::optional<Phase> phase_named(std::string_view name) { return find_value<Phase>(kPhases, name); }
std::string_view name_of(SignalKind kind) { return find_name(kSignals, kind); }
std::optional<SignalKind> signal_named(std::string_view name) { return find_value<SignalKind>(kSignals, name); }

} // namespace backstop
