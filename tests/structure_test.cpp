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

#include "archive_symbols.hpp"

namespace {

using archive::build_directory;
using archive::library_symbols;
using archive::listed;
using archive::Names;
using archive::Symbol;

// A concept's level; header and source share it. A file includes files of its own level or below, never in a circle.
const std::map<std::string, int> kLevels = {
    {"checksum", 0},
    {"finite", 0},
    {"little_endian", 0},
    {"memory", 0},
    {"parallel", 0},
    {"normal", 0},
    {"numeric", 0},
    {"output", 0},
    {"random", 0},
    {"span", 0},
    {"status", 0},
    {"target", 0},
    {"stream", 0},
    {"version", 0},
    {"topology", 0},
    {"backward_alone", 1},
    {"blocks", 1},
    {"compact_product", 1},
    {"flash_record", 1},
    {"forward_skipping", 1},
    {"idx", 1},
    {"json", 1},
    {"kernels", 1},
    {"narrow_gradient", 1},
    {"rows", 1},
    {"tile", 1},
    {"tiles", 1},
    {"transpose", 1},
    {"updates", 1},
    {"vector_math", 1},
    {"activation", 2},
    {"batch_norm", 2},
    {"dataset", 2},
    {"information", 2},
    {"names", 2},
    {"dropout", 2},
    {"initializer", 2},
    {"loss", 2},
    {"optimizer", 2},
    {"regularization", 2},
    {"runs", 2},
    {"weight_update", 2},
    {"schedule", 2},
    {"norms", 2},
    {"network", 3},
    {"compact_conversion", 3},
    {"compact_network", 3},
    {"batch_norm_folding", 3},
    {"backpropagation", 3},
    {"gradient_slices", 3},
    {"slopes", 3},
    {"diagnostics", 4},
    {"checkpoint", 4},
    {"divergence", 4},
    {"fine_tuning", 4},
    {"early_stopping", 4},
    {"ensemble", 4},
    {"evaluation", 4},
    {"model_file", 4},
    {"model_header", 4},
    {"model_metadata", 4},
    {"model_tensor", 4},
    {"model_writer", 4},
    {"scoring", 4},
    {"gradient_bounds", 4},
    {"trainer", 4},
    {"training_step", 4},
    {"training_options", 4},
    {"mote", 5},
    // Anyone may ask which build runs; choosing between builds means knowing every numeric function.
    {"instruction_set.hpp", 0},
    {"instruction_set.cpp", 2},
    {"numeric_functions.def", 2}};

/// -1 for files without a level.
int level_of(const std::string& path) {
  const std::filesystem::path file(path);
  for (const std::string& name : {file.filename().string(), file.stem().string()}) {
    if (const auto found = kLevels.find(name); found != kLevels.end()) return found->second;
  }
  return -1;
}

/// All headers and sources of the library, as paths from the root of the repository.
Names library_files() {
  Names files;
  for (const char* folder : {"include/mote", "src"}) {
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator(folder, error)) {
      const std::string extension = entry.path().extension().string();
      if (extension == ".hpp" || extension == ".cpp" || extension == ".def") files.insert(entry.path().string());
    }
    if (error) ADD_FAILURE() << "cannot read " << folder << ": run this from the root of the repository";
  }
  return files;
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
      includes.insert((name.rfind("mote/", 0) == 0 ? "include/" : "src/") + name);
    }
  }
  return graph;
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

TEST(Structure, EveryFileHasALevel) {
  const Names files = library_files();
  ASSERT_GE(files.size(), 30u);
  for (const std::string& file : files) {
    EXPECT_GE(level_of(file), 0) << file << " is new: give it a level in tests/structure_test.cpp";
  }
}

TEST(Structure, IncludesPointDownOrStayOnTheirLevel) {
  for (const auto& [file, includes] : direct_includes()) {
    for (const std::string& included : includes) {
      EXPECT_TRUE(std::filesystem::exists(included)) << file << " includes " << included;
      EXPECT_LE(level_of(included), level_of(file)) << file << " includes " << included;
    }
  }
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

TEST(Structure, MoteIncludesEveryHeader) {
  const Names included = direct_includes()["include/mote/mote.hpp"];
  for (const std::string& file : library_files()) {
    if (file.rfind("include/", 0) != 0 || file == "include/mote/mote.hpp") continue;
    EXPECT_EQ(included.count(file), 1u) << file << " is missing in mote.hpp";
  }
}

TEST(Structure, CompilerSawNoFileAboveASourcesLevel) {
  const Graph graph = direct_includes();
  Names members, sources;
  for (const Symbol& symbol : library_symbols()) members.insert(symbol.member);
  for (const std::string& member : members) {
    const std::string stem = member.substr(0, member.find('.'));  // kernels.v3.o is another build of kernels.cpp
    const std::string source = "src/" + stem + ".cpp",
                      path = build_directory() + "/src/" + member.substr(0, member.size() - 1) + "d";
    std::ifstream list(path);
    ASSERT_TRUE(list.good()) << path << " is missing: was the library built with make?";
    sources.insert(source);
    const Names expected = reachable(graph, source);
    std::size_t seen = 0;
    for (std::string word; list >> word;) {
      if (!word.empty() && word.back() == ':') word.pop_back();
      if (word.rfind("include/mote/", 0) != 0 && word.rfind("src/", 0) != 0) continue;
      ++seen;
      EXPECT_LE(level_of(word), level_of(source)) << path << " lists " << word;
      EXPECT_TRUE(word == source || expected.count(word) != 0) << path << " lists " << word << ", no #include does";
    }
    EXPECT_GE(seen, 2u) << path;
  }
  for (const std::string& file : library_files()) {
    const bool is_source = file.find(".cpp") != std::string::npos;
    EXPECT_TRUE(!is_source || sources.count(file) == 1) << file << " is not in the library";
  }
}

}  // namespace
