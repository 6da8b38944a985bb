// SPDX-License-Identifier: MIT
// Where the files of an image set are.
#pragma once

#include <string>

namespace tools {

/// Whether a path exists; throws an Error where the system cannot tell.
bool exists(const std::string& path);
bool is_directory(const std::string& path);

/// The path of a member of the set, such as "train-images" with the ending "idx3-ubyte". Takes the first file of:
/// the ending after '-' or '.', other numbers of dimensions and types of IDX in the ending, ".gz" after all; then such
/// a file inside a directory of such a name. Throws an Error that names the expected file.
std::string find_member(const std::string& folder, const std::string& name, const std::string& ending);

}  // namespace tools
