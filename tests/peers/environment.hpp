// SPDX-License-Identifier: MIT
#pragma once

namespace peers {

/// Libraries read the environment before main() runs. If it would slow them down, or give them more than one thread,
/// this starts the program again with a better one and does not return. Throws a tools::Error when that cannot be done.
void require_fair_environment(char** arguments);

/// Whether the program may run on one processor only, as a measurement should.
bool is_pinned();

}  // namespace peers
