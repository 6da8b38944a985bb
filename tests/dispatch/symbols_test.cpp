// SPDX-License-Identifier: MIT
// What the library needs from outside, and what it keeps in writable memory.
#include <gtest/gtest.h>

#include <algorithm>
#include <string>
#include <vector>

#include "support/archive_symbols.hpp"

namespace {

using archive::library_symbols;
using archive::listed;
using archive::Names;
using archive::parse_symbols;
using archive::Symbol;

bool is_undefined(const Symbol& symbol) {
  return symbol.section == "*UND*";
}

/// Undefined symbols that neither the library itself nor the allow-list provides.
Names needed_from_outside(const std::vector<Symbol>& symbols) {
  Names provided = {"memcpy", "memset", "memmove", "_GLOBAL_OFFSET_TABLE_"};  // the last is the linker's
  for (const Symbol& symbol : symbols) {
    if (!is_undefined(symbol)) provided.insert(symbol.name);
  }
  Names needed;
  for (const Symbol& symbol : symbols) {
    // The compiler's own notes on the processor, in libgcc, for choosing an instruction set.
    if (symbol.member == "instruction_set.o" && symbol.name.rfind("__cpu_", 0) == 0) continue;
    if (is_undefined(symbol) && provided.count(symbol.name) == 0) needed.insert(symbol.member + ": " + symbol.name);
  }
  return needed;
}

/// Variables in writable memory. .data.rel.ro is written by the loader only.
Names writable(const std::vector<Symbol>& symbols) {
  Names found;
  for (const Symbol& symbol : symbols) {
    const auto in = [&symbol](const char* section) { return symbol.section.rfind(section, 0) == 0; };
    const bool is_data =
        (in(".data") && !in(".data.rel.ro")) || in(".bss") || in(".tdata") || in(".tbss") || in("*COM*");
    if (is_data && !symbol.name.empty() && symbol.name[0] != '.') found.insert(symbol.member + ": " + symbol.name);
  }
  return found;
}

bool is_instrumented(const std::vector<Symbol>& symbols) {
  return std::any_of(symbols.begin(), symbols.end(), [](const Symbol& symbol) {
    for (const char* start : {"__asan_", "__ubsan_", "__tsan_", "__msan_", "__gcov_", "__llvm_prof", "__sanitizer_"}) {
      if (symbol.name.rfind(start, 0) == 0) return true;
    }
    return false;
  });
}

TEST(Symbols, LibraryNeedsNothingButMemoryFunctions) {
  const std::vector<Symbol> symbols = library_symbols();
  ASSERT_GE(symbols.size(), 50u);
  if (is_instrumented(symbols)) GTEST_SKIP() << "instrumented build";
  const Names needed = needed_from_outside(symbols);
  EXPECT_TRUE(needed.empty()) << listed(needed);
}

TEST(Symbols, LibraryHasNoStateButTheChoiceOfInstructionSet) {
  const std::vector<Symbol> symbols = library_symbols();
  if (is_instrumented(symbols)) GTEST_SKIP() << "instrumented build";
  for (const std::string& name : writable(symbols)) {
    const std::string allowed = "instruction_set.o: _ZN4mote12_GLOBAL__N_16chosenE";  // clang adds ".0"
    EXPECT_EQ(name.substr(0, allowed.size()), allowed);
  }
}

// What the linker may take from any object file must run on any processor.
TEST(Symbols, BuildsForInstructionSetsShareNoCode) {
  for (const Symbol& symbol : library_symbols()) {
    const std::size_t dot = symbol.member.find('.');
    const std::string set = symbol.member.substr(dot + 1, symbol.member.rfind('.') - dot);  // "v3." of products.v3.o
    if (set != "v3." && set != "v4.") continue;
    const bool is_global = symbol.kind == "T" || symbol.kind == "W" || symbol.kind == "V" || symbol.kind == "u";
    if (!is_global || is_undefined(symbol)) continue;
    EXPECT_NE(symbol.name.find("6x86_" + set.substr(0, 2)), std::string::npos) << symbol.member << ": " << symbol.name;
  }
}

TEST(Symbols, ChecksFindWhatIsForbidden) {
  const std::vector<Symbol> symbols = parse_symbols(
      "\nSymbols from build/libmote.a[loss.o]:\n\nName  Value  Class  Type  Size  Line  Section\n\n"
      "_ZN4mote4lossEv     |0000000000000000|   T  |      FUNC|0000000000000010|     |.text\n"
      "_ZL5table           |0000000000000000|   d  |    OBJECT|0000000000000010|     |.data.rel.ro.local\n"
      "_ZL7counter         |0000000000000000|   b  |    OBJECT|0000000000000004|     |.bss._ZL7counter\n"
      "_ZGVZ1fvE1x         |0000000000000000|   b  |    OBJECT|0000000000000008|     |.bss\n"
      "_ZL4rate            |0000000000000000|   d  |    OBJECT|0000000000000004|     |.data\n"
      "expf                |                |   U  |    NOTYPE|                |     |*UND*\n"
      "_Znwm               |                |   U  |    NOTYPE|                |     |*UND*\n"
      "memcpy              |                |   U  |    NOTYPE|                |     |*UND*\n"
      "_ZN4mote4lossEv     |                |   U  |    NOTYPE|                |     |*UND*\n");
  ASSERT_EQ(symbols.size(), 9u);
  EXPECT_EQ(needed_from_outside(symbols), (Names{"loss.o: _Znwm", "loss.o: expf"}));
  EXPECT_EQ(writable(symbols), (Names{"loss.o: _ZGVZ1fvE1x", "loss.o: _ZL4rate", "loss.o: _ZL7counter"}));
}

}  // namespace
