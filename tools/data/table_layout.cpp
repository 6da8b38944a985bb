// SPDX-License-Identifier: MIT
#include "data/table_layout.hpp"

#include <algorithm>
#include <charconv>

#include "common/error.hpp"
#include "common/format.hpp"

namespace tools {
namespace {

constexpr std::size_t kNone = static_cast<std::size_t>(-1);

/// Index of a column that is given by its number; kNone: not a number from 1 to `columns`.
std::size_t index_of_number(const std::string& text, std::size_t columns) {
  std::size_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  const bool is_whole = error == std::errc() && end == text.data() + text.size();
  return is_whole && number >= 1 && number <= columns ? number - 1 : kNone;
}

bool is_number(const std::string& text) {
  return !text.empty() && text.find_first_not_of("0123456789") == std::string::npos;
}

std::string list_of(const std::vector<std::string>& names) {
  std::string list;
  for (const std::string& name : names) {
    if (list.size() > 200) return list + ", ...";
    list += (list.empty() ? "" : ", ") + name;
  }
  return list;
}

/// Columns as options choose them.
class Columns {
 public:
  Columns(const std::string& file, const TableOptions& options, const std::vector<std::string>& names, bool has_names)
      : file_(file), options_(options), names_(names), has_names_(has_names) {}

  /// Fills in the roles of columns. is_strict: throws an Error where a column does not exist; otherwise skips it.
  void assign(TableLayout& layout, bool is_strict) const {
    std::vector<bool> is_taken(names_.size());
    layout.features.clear();
    layout.targets.clear();
    for (const std::string& text : options_.ignored) {
      const std::size_t i = find(text, is_strict);
      if (i != kNone) is_taken[i] = true;
    }
    const auto take = [&](const char* role, const std::vector<std::string>& chosen, std::vector<std::size_t>& columns) {
      for (const std::string& text : chosen) {
        const std::size_t repeated = &chosen == &options_.features ? find_repeated(text, columns) : kNone;
        const std::size_t i = repeated != kNone ? repeated : find(text, is_strict);
        if (i == kNone) continue;
        if (is_taken[i] && is_strict) {
          throw Error(file_ + ": " + role + " '" + text + "' is given twice or ignored");
        }
        is_taken[i] = true;
        columns.push_back(i);
      }
    };
    take("feature", options_.features, layout.features);
    take("target", options_.targets, layout.targets);
    if (options_.targets.empty() && options_.has_targets) {
      for (std::size_t i = names_.size(); i-- > 0 && layout.targets.empty();) {
        if (!is_taken[i]) layout.targets.push_back(i);
      }
      for (const std::size_t i : layout.targets) is_taken[i] = true;
    }
    for (std::size_t i = 0; i < names_.size() && options_.features.empty(); ++i) {
      if (!is_taken[i]) layout.features.push_back(i);
    }
  }

 private:
  /// The next column of a name that as many columns have as inputs of the network: these are in the order of the table.
  std::size_t find_repeated(const std::string& text, const std::vector<std::size_t>& taken) const {
    const std::ptrdiff_t columns = has_names_ ? std::count(names_.begin(), names_.end(), text) : 0;
    if (columns < 2 || std::count(options_.features.begin(), options_.features.end(), text) != columns) return kNone;
    for (std::size_t i = 0; i < names_.size(); ++i) {
      if (names_[i] == text && std::find(taken.begin(), taken.end(), i) == taken.end()) return i;
    }
    return kNone;
  }

  std::size_t find(const std::string& text, bool is_strict) const {
    if (has_names_) {
      const auto found = std::find(names_.begin(), names_.end(), text);
      if (found != names_.end()) {
        if (is_strict && std::find(found + 1, names_.end(), text) != names_.end()) {
          throw Error(file_ + ": several columns are called '" + text +
                      "'; rename them, or give the number of one, from 1");
        }
        return static_cast<std::size_t>(found - names_.begin());
      }
    }
    const std::size_t index = index_of_number(text, names_.size());
    if (index != kNone || !is_strict) return index;
    if (has_names_) throw Error(file_ + ": no column '" + text + "'; there are: " + list_of(names_));
    throw Error(file_ + ": no column '" + text + "'; the file has no header and " + std::to_string(names_.size()) +
                " columns: give a number");
  }

  const std::string& file_;
  const TableOptions& options_;
  const std::vector<std::string>& names_;
  bool has_names_;
};

bool is_text(std::string_view cell, char separator) {
  char mark = '.';
  return parse_either_mark<double>(cell, separator, mark).kind == CellKind::text;
}

/// Whether the first record names the columns.
bool find_header(const std::string& file, const TableOptions& options, const std::vector<std::string>& first,
                 TableLayout& layout) {
  if (options.header != HeaderRow::automatic) return options.header == HeaderRow::present;
  for (const auto* list : {&options.features, &options.targets, &options.ignored}) {
    for (const std::string& text : *list) {
      if (!is_number(text) && std::find(first.begin(), first.end(), text) != first.end()) return true;
    }
  }
  Columns(file, options, first, false).assign(layout, false);
  std::vector<std::size_t> numbers = layout.features;
  if (options.regression) numbers.insert(numbers.end(), layout.targets.begin(), layout.targets.end());
  return std::any_of(numbers.begin(), numbers.end(),
                     [&](std::size_t i) { return is_text(first[i], layout.separator); });
}

/// Throws an Error where the columns do not suffice.
void check_roles(const std::string& file, const TableOptions& options, const TableLayout& layout) {
  if (layout.names.size() == 1) {
    throw Error(file + ": 1 column; commas, semicolons or tabs must separate the cells of a row");
  }
  if (layout.features.empty()) throw Error(file + ": no feature columns: all are targets or ignored");
  if (!options.regression && layout.targets.size() > 1) {
    throw Error(file + ": " + std::to_string(layout.targets.size()) +
                " targets: a class is one column; --regression learns several numbers");
  }
}

/// Number of a column without a name: "3" of "column 3". Empty: another name, or a number above `columns`.
std::string number_of(const std::string& name, std::size_t columns) {
  constexpr std::string_view kStart = "column ";
  if (name.compare(0, kStart.size(), kStart) != 0) return "";
  const std::string number = name.substr(kStart.size());
  return index_of_number(number, columns) == kNone ? "" : number;
}

}  // namespace

std::string choose_features(const std::vector<std::string>& names, mote::ByteSource source, const std::string& file,
                            TableOptions& options) {
  CsvReader reader(source, file, options.separator == '\0' ? find_separator(source, file) : options.separator);
  if (!reader.next()) return "";
  const std::vector<std::string> first(reader.cells().begin(), reader.cells().end());
  const auto is_in_first = [&](const std::string& name) {
    return std::find(first.begin(), first.end(), name) != first.end();
  };
  if (std::any_of(names.begin(), names.end(), is_in_first)) {
    options.features = names;
    return "";
  }
  std::vector<std::string> numbers;
  for (const std::string& name : names) numbers.push_back(number_of(name, first.size()));
  if (std::find(numbers.begin(), numbers.end(), "") == numbers.end()) options.features = numbers;
  if (!options.features.empty() || names.empty() || !find_layout(source, file, options).has_header) return "";
  return "no column has the name of an input of the network; the columns are taken in its order: " +
         shortened_list(names, 5);
}

TableLayout find_layout(mote::ByteSource source, const std::string& name, const TableOptions& options) {
  TableLayout layout;
  layout.separator = options.separator == '\0' ? find_separator(source, name) : options.separator;
  CsvReader reader(source, name, layout.separator);
  if (!reader.next()) throw Error(name + ": no rows");
  const std::vector<std::string> first(reader.cells().begin(), reader.cells().end());
  layout.has_header = find_header(name, options, first, layout);
  layout.names = first;
  for (std::size_t i = 0; i < first.size(); ++i) {
    if (!layout.has_header || first[i].empty()) layout.names[i] = "column " + std::to_string(i + 1);
    if (!is_name(layout.names[i])) {
      reader.reject(reader.line(), "the name of column " + std::to_string(i + 1) + ", " + quote_cell(first[i]) +
                                       ", has control characters or is not UTF-8; if it is Latin-1, convert it: iconv "
                                       "-f ISO-8859-1 -t UTF-8 FILE > NEW");
    }
  }
  Columns(name, options, layout.names, layout.has_header).assign(layout, true);
  check_roles(name, options, layout);
  std::vector<std::string> sorted = layout.names;
  std::sort(sorted.begin(), sorted.end());
  for (auto at = sorted.begin(); (at = std::adjacent_find(at, sorted.end())) != sorted.end();) {
    const auto past = std::upper_bound(at, sorted.end(), *at);
    layout.warnings.push_back(std::to_string(past - at) + " columns are called '" + *at + "'");
    at = past;
  }
  return layout;
}

}  // namespace tools
