// SPDX-License-Identifier: MIT
// Ctrl-C: the first one ends training after its batch, the second one ends the program.
#pragma once

namespace tools {

/// Installs the handler. The first Ctrl-C sets interrupted(), so that training ends after its batch; another one, two
/// seconds later, ends the program at once. Has no effect if the caller of the program ignores interrupts.
void listen_for_interrupt();

/// Whether Ctrl-C was pressed.
bool interrupted();

}  // namespace tools
