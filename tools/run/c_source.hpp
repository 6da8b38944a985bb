// SPDX-License-Identifier: MIT
// A trained network in integers as C99, for firmware without a C++ compiler.
#pragma once

#include <string>

#include "mote/mote.hpp"
#include "run/exported_header.hpp"

namespace tools {

/// How every exported C header begins.
inline constexpr const char* kCHeaderStart =
    "/* A network trained by mote, in integers, written by tools/train --export-c.";

/// The text of the header. name: begins the names in it. network: bound to a model of `what`.
std::string c_source(const std::string& name, const Export& what, const mote::IntegerNetwork& network);

}  // namespace tools
