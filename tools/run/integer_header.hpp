// SPDX-License-Identifier: MIT
// A trained network as C++ source in integers.
#pragma once

#include "common/atomic_file.hpp"
#include "run/exported_header.hpp"

namespace tools {

/// write_header() for HeaderFormat::integer and integer16. Throws an Error when a weight or a range is not finite.
Exported write_integer_header(AtomicFile& file, const Export& what);

}  // namespace tools
