// SPDX-License-Identifier: MIT
#ifndef MOTE_VERSION_HPP
#define MOTE_VERSION_HPP

#include "mote/target.hpp"

namespace mote {

/// Version of the library. Model files record it.
inline constexpr char kVersion[] = "0.2.0";

}  // namespace mote

#endif  // MOTE_VERSION_HPP
