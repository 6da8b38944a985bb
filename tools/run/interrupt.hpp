// SPDX-License-Identifier: MIT
// Ctrl-C: noted first, obeyed at once the second time.
#pragma once

namespace tools {

/// Installs the handler. The first Ctrl-C sets interrupted(), so that training ends after its batch; another one more
/// than a second later ends the program at once. Interrupts that were ignored stay ignored.
void listen_for_interrupt();

/// Whether Ctrl-C was pressed.
bool interrupted();

}  // namespace tools
