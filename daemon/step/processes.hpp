#pragma once
#include <string>
#include <sys/types.h>

/// What /proc tells, for the sentences that people read. All empty where /proc does not tell.
namespace backstop::step {

/// " by pid 12 (deploy.sh)": who holds the flock() on the file `fd`.
std::string lock_holder(int fd);
/// "pid 12 (sleep), pid 13 (app)": our children but `own`, which are the heads of what the step left behind.
std::string children_left(pid_t own);

} // namespace backstop::step
