#include "daemon/page/assets.hpp"

namespace backstop::page {

std::span<const Asset> assets() { return {}; }

} // namespace backstop::page
