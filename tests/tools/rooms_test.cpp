// SPDX-License-Identifier: MIT
// Arrows between the rooms of tools/: a file includes files of its own room or of a room below. Run from the root of
// the repository.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <string>

namespace {

namespace fs = std::filesystem;

// Rooms of one level do not know each other. The programs, train.cpp and its neighbors, stand above all rooms.
const std::map<std::string, int> kRooms = {{"common", 1},     {"examples", 1}, {"data", 2},        {"pictures", 2},
                                           {"benchmarks", 3}, {"run", 3},      {"experiments", 3}, {"tools", 4}};

bool may_include(const std::string& from, const std::string& to) {
  const auto above = kRooms.find(from), below = kRooms.find(to);
  if (above == kRooms.end() || below == kRooms.end()) return false;
  return above == below || above->second > below->second;
}

TEST(ToolRooms, IncludesPointDownOrStayInTheirRoom) {
  std::map<std::string, int> files;
  for (const auto& entry : fs::recursive_directory_iterator("tools")) {
    const fs::path path = entry.path();
    if (path.extension() != ".cpp" && path.extension() != ".hpp") continue;
    const std::string room = path.parent_path().filename().string();
    EXPECT_EQ(kRooms.count(room), 1u) << path << " is in no room: see kRooms in this test";
    ++files[room];
    std::ifstream text(path);
    for (std::string line; std::getline(text, line);) {
      if (line.rfind("#include \"", 0) != 0 || line.rfind("#include \"mote/", 0) == 0) continue;
      if (line.rfind("#include \"mote.hpp\"", 0) == 0) continue;  // in exported headers: of make dist
      const std::string name = line.substr(10, line.find('"', 10) - 10);
      EXPECT_TRUE(fs::exists("tools/" + name)) << path << " includes " << name;
      EXPECT_TRUE(may_include(room, fs::path(name).parent_path().string())) << path << " includes " << name;
    }
  }
  EXPECT_EQ(files.size(), kRooms.size()) << "a room of this test is empty";
}

TEST(ToolRooms, RefusesArrowsThatPointUpOrAcross) {
  EXPECT_FALSE(may_include("common", "run"));
  EXPECT_FALSE(may_include("pictures", "data"));
  EXPECT_FALSE(may_include("run", "experiments"));
  EXPECT_FALSE(may_include("examples", "common"));
  EXPECT_FALSE(may_include("run", "elsewhere"));
}

}  // namespace
