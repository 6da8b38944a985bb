// SPDX-License-Identifier: MIT
// Largest stack of a program, from GCC's report on every function: -fcallgraph-info=su.
#pragma once

#include <algorithm>
#include <cstddef>
#include <fstream>
#include <map>
#include <set>
#include <string>
#include <vector>

/// Call graph. Functions with internal linkage are named "file:name". A call through a pointer may reach every function
/// of its file that no function calls directly, and after link() every global function that the program does not call
/// directly.
class CallGraph {
 public:
  /// Adds the functions of a .ci file; false if it cannot be read.
  bool read(const std::string& path) {
    std::ifstream file(path);
    if (!file) return false;
    std::set<std::string> own, called;
    std::string source;
    for (std::string line; std::getline(file, line);) {
      const std::string title = quoted(line, "title: ");
      if (line.rfind("graph:", 0) == 0) source = title;
      if (line.rfind("node:", 0) == 0) {
        const std::size_t stack = line.find(" bytes (");
        if (stack == std::string::npos) continue;
        own.insert(title);
        frames_[title] = std::stoul(line.substr(line.rfind("\\n", stack) + 2));
        if (line.find("dynamic", stack) != std::string::npos) unbounded_.insert(title);
      }
      if (line.rfind("edge:", 0) == 0) {
        const std::string to = quoted(line, "targetname: ");
        called.insert(to);
        calls_[quoted(line, "sourcename: ")].insert(to == kPointer ? source + to : to);
      }
    }
    own_.insert(own.begin(), own.end());
    sources_.insert(source);
    for (const std::string& name : own) {
      const bool is_local = name.rfind(source + ":", 0) == 0;
      if (is_local && called.count(name) == 0) add_target(source, name);
    }
    return true;
  }

  /// Pointers of a file reach only functions whose names contain one of the parts. Without this, a pointer that a
  /// function calls may reach that function. Call it before read().
  void limit(const std::string& source, const std::vector<std::string>& parts) { limits_[source] = parts; }

  /// Sets the global functions of the program, without those that start it: pointers may reach them. GCC names
  /// instances of templates like functions with internal linkage.
  void link(const std::set<std::string>& functions) {
    std::set<std::string> called;
    for (const auto& [caller, callees] : calls_) {
      const bool is_global = caller.find(':') == std::string::npos;
      if (caller.find(kPointer) != std::string::npos || (is_global && functions.count(caller) == 0)) continue;
      called.insert(callees.begin(), callees.end());
    }
    for (const std::string& name : own_) {
      if (called.count(name) != 0 || functions.count(name.substr(name.rfind(':') + 1)) == 0) continue;
      for (const std::string& source : sources_) add_target(source, name);
    }
  }

  /// Bytes of stack of a call of `name`; kRecursion and more if it may call itself. unknown: bytes of a function
  /// without a node.
  std::size_t bound(const std::string& name, std::size_t unknown) {
    if (const auto known = bounds_.find(name); known != bounds_.end()) return known->second;
    bounds_[name] = kRecursion;
    std::size_t deepest = 0;
    for (const std::string& callee : calls_[name]) deepest = std::max(deepest, bound(callee, unknown));
    const bool is_pointer = name.find(kPointer) != std::string::npos;
    const auto frame = frames_.find(name);
    const std::size_t own = is_pointer ? 0 : frame == frames_.end() ? unknown : frame->second;
    return bounds_[name] = own + deepest;
  }

  bool knows(const std::string& name) const { return frames_.count(name) != 0; }
  /// Functions whose frames have no fixed size.
  const std::set<std::string>& unbounded() const { return unbounded_; }
  static constexpr std::size_t kRecursion = std::size_t{1} << 24;

 private:
  static constexpr const char* kPointer = "__indirect_call";
  /// Pointers of `source` may reach `name`.
  void add_target(const std::string& source, const std::string& name) {
    const auto limit = limits_.find(source);
    const auto is_part = [&](const std::string& part) { return name.find(part) != std::string::npos; };
    if (limit != limits_.end() && std::none_of(limit->second.begin(), limit->second.end(), is_part)) return;
    calls_[source + kPointer].insert(name);
  }

  static std::string quoted(const std::string& line, const std::string& key) {
    const std::size_t at = line.find(key + "\"");
    if (at == std::string::npos) return "";
    const std::size_t first = at + key.size() + 1;
    return line.substr(first, line.find('"', first) - first);
  }

  std::map<std::string, std::vector<std::string>> limits_;
  std::map<std::string, std::size_t> frames_, bounds_;
  std::map<std::string, std::set<std::string>> calls_;
  std::set<std::string> unbounded_, own_, sources_;
};
