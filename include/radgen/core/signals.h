// SIGINT and SIGTERM as a flag: work looks at it between steps, saves and leaves with Interrupted.
// A second SIGINT ends the process at once (exit code 130). For programs; what layers look at is
// stop.h.
#pragma once

namespace radgen {

void install_stop_signals();
int stop_signal();          // 0 while nobody asked to stop, else SIGINT or SIGTERM
void forget_stop_signal();  // as if nobody had asked; for tests and for programs that go on

}  // namespace radgen
