// SPDX-License-Identifier: MIT
// Ctrl-C, SIGTERM and SIGHUP: the first one ends training after its batch, the second one ends the program.
#pragma once

namespace tools {

/// Installs the handler. The first signal sets interrupted(), so that training ends after its batch; another one, two
/// seconds later, ends the program at once. Has no effect on signals that the caller of the program ignores, as nohup
/// ignores SIGHUP.
void listen_for_interrupt();

/// Whether a signal came.
bool interrupted();

/// 128 plus the number of the signal that came, as shells count; 0 without one.
int interrupt_status();

}  // namespace tools
