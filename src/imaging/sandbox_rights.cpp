#include "imaging/sandbox_rights.h"

#include <seccomp.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>

#include <cerrno>
#include <csignal>
#include <opencv2/core/utility.hpp>

#include "imaging/dcmtk_setup.h"
#include "imaging/dicom_text.h"

namespace radgen {
namespace {

void limit(decltype(RLIMIT_AS) what, rlim_t value) {
  const struct ::rlimit bounds { value, value };
  ::setrlimit(what, &bounds);
}

// Everything that computing in memory and answering takes. What is not named fails with EPERM, so
// that a library that only looks (for the number of cores) goes on without.
bool allow_computing_only() {
  const scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ERRNO(EPERM));
  if (filter == nullptr) return false;
  bool is_whole = true;
  for (const int call :
       {SCMP_SYS(read), SCMP_SYS(write), SCMP_SYS(close), SCMP_SYS(brk), SCMP_SYS(munmap),
        SCMP_SYS(mremap), SCMP_SYS(madvise), SCMP_SYS(futex), SCMP_SYS(rt_sigreturn),
        SCMP_SYS(rt_sigprocmask), SCMP_SYS(clock_gettime), SCMP_SYS(gettimeofday),
        SCMP_SYS(getrandom), SCMP_SYS(exit), SCMP_SYS(exit_group)})
    is_whole = seccomp_rule_add(filter, SCMP_ACT_ALLOW, call, 0) == 0 && is_whole;
  const scmp_arg_cmp not_executable{2, SCMP_CMP_MASKED_EQ, PROT_EXEC, 0};  // of argument 2
  for (const int call : {SCMP_SYS(mmap), SCMP_SYS(mprotect)})
    is_whole =
        seccomp_rule_add_array(filter, SCMP_ACT_ALLOW, call, 1, &not_executable) == 0 && is_whole;
  const bool is_held = is_whole && seccomp_load(filter) == 0;
  seccomp_release(filter);
  return is_held;
}

}  // namespace

void tie_to_parent() {
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  limit(RLIMIT_CORE, 0);
}

void load_what_decoders_need(bool has_character_sets) {
  cv::setNumThreads(1);
  set_up_dcmtk();
  load_dcmtk_dictionary();
  if (has_character_sets) load_character_sets();
}

bool give_up_rights(size_t memory_bytes, int cpu_seconds) {
  ::prctl(PR_SET_DUMPABLE, 0);
  ::prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
#ifndef __SANITIZE_ADDRESS__  // whose shadow alone is terabytes of addresses
  limit(RLIMIT_AS, memory_bytes);
#else
  (void)memory_bytes;
#endif
  // SIGKILL instead of SIGXCPU: both limits are one.
  limit(RLIMIT_CPU, static_cast<rlim_t>(cpu_seconds));
  limit(RLIMIT_FSIZE, 0);
  limit(RLIMIT_NOFILE, 0);
  limit(RLIMIT_NPROC, 0);
  return allow_computing_only();
}

}  // namespace radgen
