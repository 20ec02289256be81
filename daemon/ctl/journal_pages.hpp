#pragma once
#include "daemon/ctl/layout.hpp"
#include "daemon/io/journal_rescue.hpp"
#include <string>

/// What `journal check` and `journal restore` say. Pure.
namespace backstop::ctl {

std::string journal_check_page(const JournalReport& report, const Style& style);
std::string journal_restore_page(const RestoredJournal& restored);
Json journal_report_json(const JournalReport& report);

} // namespace backstop::ctl
