#pragma once
#include <cstddef>

namespace backstop {

/// Gives back what was read of the program and its libraries until now and may be read from the page cache again: two
/// thirds of those pages serve the start alone. What was written to is left alone. Bytes given back; 0 where the kernel does
/// not say what is mapped.
std::size_t give_back_start_pages();

} // namespace backstop
