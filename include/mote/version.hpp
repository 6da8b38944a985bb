// SPDX-License-Identifier: MIT
#pragma once

namespace mote {

/// Version of the library. Model files record it.
inline constexpr char kVersion[] = "0.2.0";

}  // namespace mote
