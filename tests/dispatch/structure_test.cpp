// SPDX-License-Identifier: MIT
// The library as a whole: what may include what, and what it may need from outside. Run from the root of the
// repository; the environment variable MOTE_BUILD names the build directory.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "support/archive_symbols.hpp"
#include "support/build.hpp"

namespace {

using archive::library_symbols;
using archive::listed;
using archive::Names;
using archive::Symbol;

// A file includes files of its own room or of a room below, never in a circle. Rooms of one level do not know each
// other.
const std::map<std::string, int> kRooms = {{"core", 1},     {"textbook", 2}, {"products", 3}, {"dispatch", 4},
                                           {"training", 5}, {"files", 6},    {"device", 6},   {"study", 6}};

// Where a header belongs whose source, if it has one, is not named as it is.
const std::map<std::string, std::string> kHeaders = {
    {"memory", "core"},
    {"version", "core"},
    {"parallel", "core"},
    {"finite", "core"},
    {"target", "core"},
    {"early_stopping", "training"},
    {"methods", "training"},
    {"static_trainer", "training"},
    {"static_fine_tuning", "device"},
    {"instruction_set", "core"},  // anyone may ask which build runs
};

/// All headers and sources of the library, as paths from the root of the repository.
Names library_files() {
  Names files;
  for (const char* folder : {"include/mote", "src"}) {
    std::error_code error;
    for (const auto& entry : std::filesystem::recursive_directory_iterator(folder, error)) {
      const std::string extension = entry.path().extension().string();
      if (extension == ".hpp" || extension == ".cpp" || extension == ".def") files.insert(entry.path().string());
    }
    if (error) ADD_FAILURE() << "cannot read " << folder << ": run this from the root of the repository";
  }
  return files;
}

/// The room of a file; "" for none. A header is in the room of the source of its name.
std::string room_of(const std::string& path) {
  const std::filesystem::path file(path);
  if (path.rfind("src/", 0) == 0) return file.parent_path().filename().string();
  const std::string stem = file.stem().string();
  if (const auto known = kHeaders.find(stem); known != kHeaders.end()) return known->second;
  for (const auto& [room, level] : kRooms) {
    if (std::filesystem::exists("src/" + room + "/" + stem + ".cpp")) return room;
  }
  return "";
}

/// Whether a file may include another.
bool may_include(const std::string& file, const std::string& included) {
  const auto from = kRooms.find(room_of(file)), to = kRooms.find(room_of(included));
  if (from == kRooms.end() || to == kRooms.end()) return false;
  return from == to || from->second > to->second;
}

using Graph = std::map<std::string, Names>;

/// The files of the library that each names in an #include with quotes.
Graph direct_includes() {
  Graph graph;
  for (const std::string& file : library_files()) {
    Names& includes = graph[file];
    std::ifstream text(file);
    for (std::string line; std::getline(text, line);) {
      if (line.rfind("#include \"", 0) != 0) continue;
      const std::string name = line.substr(10, line.find('"', 10) - 10);
      const std::filesystem::path beside = std::filesystem::path(file).parent_path() / name;
      includes.insert(name.rfind("mote/", 0) == 0 ? "include/" + name : beside.lexically_normal().string());
    }
  }
  return graph;
}

/// The one source with that stem.
std::string source_named(const Graph& graph, const std::string& stem) {
  std::string found;
  for (const auto& [file, includes] : graph) {
    if (file.rfind("src/", 0) != 0 || std::filesystem::path(file).filename() != stem + ".cpp") continue;
    EXPECT_EQ(found, "") << file << ": members of the archive are told apart by their names alone";
    found = file;
  }
  return found;
}

Names reachable(const Graph& graph, const std::string& from) {
  Names seen;
  std::vector<std::string> todo = {from};
  while (!todo.empty()) {
    const std::string file = todo.back();
    todo.pop_back();
    const auto node = graph.find(file);
    if (node == graph.end()) continue;
    for (const std::string& next : node->second) {
      if (seen.insert(next).second) todo.push_back(next);
    }
  }
  return seen;
}

Names in_circles(const Graph& graph) {
  Names found;
  for (const auto& [file, includes] : graph) {
    if (reachable(graph, file).count(file) != 0) found.insert(file);
  }
  return found;
}

constexpr const char* kAll = "include/mote/mote.hpp";  // knows every room

TEST(Structure, EveryFileHasARoom) {
  const Names files = library_files();
  ASSERT_GE(files.size(), 30u);
  for (const std::string& file : files) {
    if (file == kAll) continue;
    EXPECT_EQ(kRooms.count(room_of(file)), 1u) << file << " is in no room: see kRooms and kHeaders in this test";
  }
}

TEST(Structure, NoEntryIsStale) {
  const Names files = library_files();
  for (const auto& [header, room] : kHeaders) {
    EXPECT_TRUE(files.count("include/mote/" + header + ".hpp") + files.count("include/mote/detail/" + header + ".hpp"))
        << header;
    EXPECT_EQ(kRooms.count(room), 1u) << header;
  }
  for (const auto& [room, level] : kRooms) EXPECT_TRUE(std::filesystem::exists("src/" + room + "/README.md")) << room;
}

TEST(Structure, IncludesPointDownOrStayInTheirRoom) {
  for (const auto& [file, includes] : direct_includes()) {
    for (const std::string& included : includes) {
      EXPECT_TRUE(std::filesystem::exists(included)) << file << " includes " << included;
      EXPECT_TRUE(file == kAll || may_include(file, included))
          << file << " (" << room_of(file) << ") includes " << included << " (" << room_of(included) << ")";
    }
  }
  EXPECT_FALSE(may_include("src/core/random.cpp", "include/mote/trainer.hpp"));  // the check itself
  EXPECT_FALSE(may_include("src/files/idx.cpp", "src/device/flash_network.cpp"));
}

TEST(Structure, NoFileIncludesItselfInTheEnd) {
  const Names circles = in_circles(direct_includes());
  EXPECT_TRUE(circles.empty()) << listed(circles);
  const Graph circle = {{"a", {"b"}}, {"b", {"c"}}, {"c", {"b"}}, {"d", {"a"}}};
  EXPECT_EQ(in_circles(circle), (Names{"b", "c"}));  // the check itself
}

TEST(Structure, HeadersDoNotIncludePrivateFiles) {
  for (const auto& [file, includes] : direct_includes()) {
    if (file.rfind("include/", 0) != 0) continue;
    for (const std::string& included : includes)
      EXPECT_EQ(included.rfind("include/", 0), 0u) << file << ": " << included;
  }
}

TEST(Structure, MoteIncludesEveryPublicHeaderAndNoInternalOne) {
  const Names included = direct_includes()[kAll];
  for (const std::string& file : library_files()) {
    if (file.rfind("include/", 0) != 0 || file == kAll) continue;
    const bool is_public = file.rfind("include/mote/detail/", 0) != 0;
    EXPECT_EQ(included.count(file), is_public ? 1u : 0u) << file;
  }
}

TEST(Structure, CompilerSawNoFileAboveASourcesRoom) {
  const Graph graph = direct_includes();
  Names members, sources;
  for (const Symbol& symbol : library_symbols()) members.insert(symbol.member);
  for (const std::string& member : members) {
    const std::string stem = member.substr(0, member.find('.'));  // products.v3.o is another build of products.cpp
    const std::string source = source_named(graph, stem), room = room_of(source) + "/";
    const std::string path = build::folder() + "/src/" + room + member.substr(0, member.size() - 1) + "d";
    std::ifstream list(path);
    ASSERT_TRUE(list.good()) << path << " is missing: was the library built with make?";
    sources.insert(source);
    const Names expected = reachable(graph, source);
    std::size_t seen = 0;
    for (std::string word; list >> word;) {
      if (!word.empty() && word.back() == ':') word.pop_back();
      if (word.rfind("include/mote/", 0) != 0 && word.rfind("src/", 0) != 0) continue;
      ++seen;
      word = std::filesystem::path(word).lexically_normal().string();
      EXPECT_TRUE(may_include(source, word)) << path << " lists " << word;
      EXPECT_TRUE(word == source || expected.count(word) != 0) << path << " lists " << word << ", no #include does";
    }
    EXPECT_GE(seen, 2u) << path;
  }
  for (const std::string& file : library_files()) {
    const bool is_source = file.find(".cpp") != std::string::npos;
    if (file == "src/products/small_products.cpp") continue;  // for microcontrollers
    EXPECT_TRUE(!is_source || sources.count(file) == 1) << file << " is not in the library";
  }
}

}  // namespace
