// SPDX-License-Identifier: MIT
#include "data/set_members.hpp"

#include <sys/stat.h>

#include <cerrno>
#include <cstring>
#include <vector>

#include "common/error.hpp"

namespace tools {
namespace {

/// Names that a member may have, best first.
std::vector<std::string> names_of_member(const std::string& name, const std::string& ending) {
  std::vector<std::string> names = {name + "-" + ending, name + "." + ending};
  for (const char* rank : {"1", "2", "3", "4"}) {
    for (const char* type : {"ubyte", "byte", "short", "int", "float", "double"}) {
      for (const char* separator : {"-", "."}) names.push_back(name + separator + "idx" + rank + "-" + type);
    }
  }
  const std::size_t plain = names.size();
  for (std::size_t i = 0; i < plain; ++i) names.push_back(names[i] + ".gz");
  return names;
}

/// The path of the first file of the names; empty without any.
std::string find_file(const std::string& folder, const std::vector<std::string>& names) {
  for (const std::string& name : names) {
    const std::string path = folder + "/" + name;
    if (exists(path) && !is_directory(path)) return path;
  }
  return "";
}

}  // namespace

bool exists(const std::string& path) {
  struct stat info;
  if (stat(path.c_str(), &info) == 0) return true;
  if (errno != ENOENT) throw Error(path + ": " + std::strerror(errno));
  return false;
}

bool is_directory(const std::string& path) {
  struct stat info;
  return stat(path.c_str(), &info) == 0 && S_ISDIR(info.st_mode);
}

std::string find_member(const std::string& folder, const std::string& name, const std::string& ending) {
  const std::vector<std::string> names = names_of_member(name, ending);
  if (const std::string path = find_file(folder, names); !path.empty()) return path;
  std::string empty;
  for (const std::string& directory : names) {
    if (!is_directory(folder + "/" + directory)) continue;
    if (const std::string path = find_file(folder + "/" + directory, names); !path.empty()) return path;
    if (empty.empty()) empty = folder + "/" + directory;
  }
  if (!empty.empty()) {
    throw Error(empty + ": is a directory, expected an IDX file, or one of its name inside: " + name + "-" + ending);
  }
  throw Error(folder + "/" + name + "-" + ending + ": no such file (nor " + name + "." + ending + ")");
}

}  // namespace tools
