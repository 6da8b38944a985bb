// SPDX-License-Identifier: MIT
// Ctrl-C.
#pragma once

namespace tools {

/// From now on the first Ctrl-C is only noted, so that training can end in good order; one more than a second later
/// ends the program at once. Where interrupts were ignored they stay ignored.
void listen_for_interrupt();

/// Whether Ctrl-C was pressed.
bool interrupted();

}  // namespace tools
