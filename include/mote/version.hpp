// SPDX-License-Identifier: MIT
#pragma once

namespace mote {

/// Of the library; written to model files.
inline constexpr char kVersion[] = "0.1.0";

}  // namespace mote
