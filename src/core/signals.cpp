#include "radgen/core/signals.h"

#include <unistd.h>

#include <csignal>

namespace radgen {
namespace {

volatile std::sig_atomic_t g_stop_signal = 0;

extern "C" void on_stop_signal(int signal) {
  if (g_stop_signal == SIGINT && signal == SIGINT) _exit(130);
  g_stop_signal = signal;
}

}  // namespace

void install_stop_signals() {
  struct sigaction action = {};
  action.sa_handler = on_stop_signal;
  action.sa_flags = SA_RESTART;  // libraries below us need not expect EINTR
  sigemptyset(&action.sa_mask);
  sigaction(SIGINT, &action, nullptr);
  sigaction(SIGTERM, &action, nullptr);
}

int stop_signal() { return g_stop_signal; }

void forget_stop_signal() { g_stop_signal = 0; }

}  // namespace radgen
