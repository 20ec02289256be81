#include "daemon/io/start_pages.hpp"
#include <cstdint>
#include <cstdio>
#include <fstream>
#include <string>
#include <sys/mman.h>

namespace backstop {
namespace {

/// One mapping, as /proc/self/smaps tells of it.
struct Mapping {
  std::uintptr_t begin = 0, end = 0;
  bool read_only = false;                    ///< of a file, and not writable
  std::size_t resident_kib = 0, own_kib = 0; ///< own: copied when it was written to, as relocations were
};

bool reads_head(const std::string& line, Mapping& mapping) {
  char rights[5] = {};
  unsigned long begin = 0, end = 0, inode = 0;
  if (std::sscanf(line.c_str(), "%lx-%lx %4s %*x %*s %lu", &begin, &end, rights, &inode) != 4) return false;
  mapping = {begin, end, rights[0] == 'r' && rights[1] == '-' && rights[3] == 'p' && inode != 0, 0, 0};
  return true;
}

std::size_t give_back(const Mapping& m) {
  // Not that of the pages that were written to: they would be as in the file again.
  if (!m.read_only || m.own_kib != 0) return 0;
  // NOLINTNEXTLINE(performance-no-int-to-ptr): addresses come as text
  return ::madvise(reinterpret_cast<void*>(m.begin), m.end - m.begin, MADV_DONTNEED) == 0 ? m.resident_kib << 10 : 0;
}

} // namespace

std::size_t give_back_start_pages() {
  std::ifstream smaps("/proc/self/smaps");
  std::size_t given = 0;
  Mapping mapping;
  for (std::string line; std::getline(smaps, line);) {
    if (reads_head(line, mapping)) continue;
    if (line.starts_with("Rss:")) mapping.resident_kib = std::stoul(line.substr(4));
    if (line.starts_with("Anonymous:") || line.starts_with("Swap:"))
      mapping.own_kib += std::stoul(line.substr(line.find(':') + 1));
    if (line.starts_with("VmFlags:")) given += give_back(mapping); // the last line of each
  }
  return given;
}

} // namespace backstop
