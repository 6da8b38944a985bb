// SPDX-License-Identifier: MIT
// The build under test, as `make test` names it in the environment: MOTE_BUILD, MOTE_TOOLS, MOTE_CXX, MOTE_LINK. Tests
// run from the root of the repository.
#pragma once

#include <cstdlib>
#include <string>

#include "support/command.hpp"
#include "support/temporary_folder.hpp"

namespace build {

inline std::string variable(const char* name, const char* otherwise) {
  const char* value = std::getenv(name);
  return value == nullptr ? otherwise : value;
}

/// The folder of libmote.a and of mnist/.
inline std::string folder() {
  return variable("MOTE_BUILD", "build");
}

/// The folder of train, predict, lesson and bench.
inline std::string tools() {
  return variable("MOTE_TOOLS", "tools");
}

inline std::string compiler() {
  return variable("MOTE_CXX", "g++");
}

/// Compiles an executable and links it with the library. arguments: sources and flags.
inline CommandResult compile(const std::string& arguments, const std::string& executable) {
  return run_command(compiler() + " -std=c++17 -Iinclude " + arguments + " " + folder() + "/libmote.a " +
                     variable("MOTE_LINK", "") + " -o " + executable);
}

/// Compiles FOLDER/program.cpp, in which warnings are errors, and runs it; the result of the compiler where it fails.
inline CommandResult run_program(const TemporaryFolder& temporary, const std::string& source) {
  temporary.write("program.cpp", source);
  const CommandResult compiled =
      compile("-Wall -Wextra -Wpedantic -Werror " + temporary.file("program.cpp"), temporary.file("program"));
  return compiled.status != 0 ? compiled : run_command(temporary.file("program"));
}

}  // namespace build
