// SPDX-License-Identifier: MIT
#include "data/table_data.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <limits>
#include <map>
#include <numeric>

#include "common/error.hpp"
#include "common/option_values.hpp"
#include "data/row_split.hpp"
#include "data/table_layout.hpp"

namespace tools {
namespace {

/// Numbers the classes of a column as they appear.
class Classes {
 public:
  static constexpr std::size_t kFull = static_cast<std::size_t>(-1);

  /// names: known classes, in the order of their numbers.
  explicit Classes(const std::vector<std::string>& names) {
    for (const std::string& name : names) number_of(name);
  }
  /// Number of a class; a new one for a new class; kFull: too many classes.
  std::size_t number_of(std::string_view text) {
    if (const auto known = spellings_.find(text); known != spellings_.end()) return known->second;
    const std::string name = name_of(text);
    const auto [entry, is_new] = numbers_.emplace(name, names_.size());
    if (is_new && names_.size() == kMaxTableClasses) return kFull;
    if (is_new) names_.push_back(name);
    if (spellings_.size() < 4 * kMaxTableClasses) spellings_.emplace(text, entry->second);
    return entry->second;
  }
  const std::vector<std::string>& names() const { return names_; }
  /// Numbers of the classes, sorted by the value of their names if all are numbers, otherwise by their bytes.
  std::vector<std::uint16_t> sorted() const {
    std::vector<std::uint16_t> order(names_.size());
    std::iota(order.begin(), order.end(), std::uint16_t{0});
    std::vector<double> values;
    for (const std::string& name : names_) {
      const ParsedCell<double> cell = parse_cell<double>(name);
      if (cell.kind == CellKind::number) values.push_back(cell.value);
    }
    const bool has_numbers = values.size() == names_.size();
    std::sort(order.begin(), order.end(), [&](std::uint16_t a, std::uint16_t b) {
      return has_numbers ? values[a] < values[b] : names_[a] < names_[b];
    });
    return order;
  }

 private:
  /// One spelling for all numbers of a value.
  static std::string name_of(std::string_view text) {
    const ParsedCell<double> cell = parse_cell<double>(text);
    if (cell.kind != CellKind::number) return std::string(text);
    char digits[32];
    const bool is_whole = cell.value == std::floor(cell.value) && std::fabs(cell.value) <= 0x1p53;
    const std::to_chars_result result =
        is_whole ? std::to_chars(digits, std::end(digits), static_cast<std::int64_t>(cell.value))
                 : std::to_chars(digits, std::end(digits), cell.value);
    return {digits, result.ptr};
  }

  std::map<std::string, std::size_t, std::less<>> spellings_;  // texts as they stand in cells
  std::map<std::string, std::size_t> numbers_;
  std::vector<std::string> names_;
};

/// Converts the records of a file.
class TableReader {
 public:
  TableReader(mote::ByteSource source, const std::string& name, const TableOptions& options,
              const TableProgress& progress, const TableData* like)
      : source_(source),
        name_(name),
        options_(options),
        progress_(progress),
        like_(like),
        layout_(find_layout(source, name, options)),
        classes_(like == nullptr ? std::vector<std::string>() : like->class_names) {
    for (const std::size_t i : layout_.features) table_.feature_names.push_back(layout_.names[i]);
    for (const std::size_t i : layout_.targets) table_.target_names.push_back(layout_.names[i]);
    table_.has_header = layout_.has_header;
    table_.separator = layout_.separator;
    if (like != nullptr) require_columns_of(*like);
  }

  TableData load(mote::Memory memory) {
    const std::size_t rows = count_rows();
    divide(memory, rows);
    CsvReader reader(source_, name_, layout_.separator);
    if (layout_.has_header) reader.next();
    while (next(reader, source_.size)) {
      if (rows_read_++ == rows) throw Error(name_ + ": has changed while it was read");
      if (read_row(reader)) {
        ++table_.rows;
      } else {
        ++table_.dropped;
      }
    }
    if (table_.rows == 0) throw Error(name_ + ": no rows are left: each has a missing value");
    finish();
    return std::move(table_);
  }

 private:
  bool has_classes() const { return !options_.regression && !layout_.targets.empty(); }

  void require_columns_of(const TableData& other) const {
    const auto require_equal = [&](const std::vector<std::string>& found, const std::vector<std::string>& expected) {
      if (found.size() != expected.size()) {
        throw Error(name_ + ": " + std::to_string(found.size()) + " columns are features or targets, expected " +
                    std::to_string(expected.size()) + " as for training");
      }
      for (std::size_t i = 0; i < found.size() && layout_.has_header && other.has_header; ++i) {
        if (found[i] == expected[i]) continue;
        throw Error(name_ + ": found column " + quote_cell(found[i]) + ", expected " + quote_cell(expected[i]) +
                    " as for training");
      }
    };
    require_equal(table_.feature_names, other.feature_names);
    require_equal(table_.target_names, other.target_names);
  }

  /// Reads a record and reports progress once per block of text. before: bytes read in earlier passes.
  bool next(CsvReader& reader, std::uint64_t before) const {
    const std::uint64_t position = reader.position();
    const bool has_record = reader.next();
    if (progress_ && reader.position() != position) progress_(before + reader.position(), 2 * source_.size);
    return has_record;
  }

  std::size_t count_rows() const {
    CsvReader reader(source_, name_, layout_.separator);
    std::size_t records = 0;
    while (next(reader, 0)) ++records;
    const std::size_t rows = records - (layout_.has_header ? 1 : 0);
    if (rows == 0) throw Error(name_ + ": a header, but no rows");
    if (rows > 0xffffffffu) throw Error(name_ + ": " + std::to_string(rows) + " rows: at most 4294967295 are possible");
    return rows;
  }

  /// Divides memory among the arrays of the table.
  void divide(mote::Memory memory, std::size_t rows) {
    mote::MemoryPlan plan;
    const mote::Part<float> features = plan.take<float>(rows, layout_.features.size());
    const mote::Part<float> targets = plan.take<float>(rows, options_.regression ? layout_.targets.size() : 0);
    const mote::Part<std::uint16_t> labels = plan.take<std::uint16_t>(has_classes() ? rows : 0);
    if (plan.bytes() > memory.size()) {
      const std::size_t used = like_ == nullptr ? 0 : like_->bytes + mote::kAlignment;
      throw Error(name_ + ": the table does not fit: " + std::to_string(rows) + " rows of " +
                  std::to_string(layout_.features.size()) + " features need " + std::to_string(plan.bytes()) +
                  " bytes, " + std::to_string(memory.size()) + " are left of the static memory; rebuild with: make " +
                  "DATA_MB=" + std::to_string(((plan.bytes() + used) >> 20) + 1));
    }
    require(mote::check(memory, plan.bytes()));
    table_.features = features.in(memory);
    table_.targets = targets.in(memory);
    table_.wide_labels = labels.in(memory);
    table_.bytes = plan.bytes();
  }

  /// Converts a record to row table_.rows. False: the row is dropped.
  bool read_row(const CsvReader& reader) {
    float* const features = table_.features.data() + table_.rows * layout_.features.size();
    std::size_t missing = 0;
    for (std::size_t i = 0; i < layout_.features.size(); ++i) {
      if (read_number(reader, layout_.features[i], features[i])) continue;
      if (options_.missing == MissingValues::drop) return false;
      features[i] = std::numeric_limits<float>::quiet_NaN();
      ++missing;
    }
    if (has_classes() ? !read_class(reader) : !read_targets(reader)) return false;
    table_.missing += missing;
    return true;
  }

  bool read_targets(const CsvReader& reader) {
    float* const targets = table_.targets.data() + table_.rows * layout_.targets.size();
    for (std::size_t i = 0; i < layout_.targets.size(); ++i) {
      if (read_number(reader, layout_.targets[i], targets[i])) continue;
      if (options_.missing == MissingValues::mean) reject_missing_target(reader, layout_.targets[i]);
      return false;
    }
    return true;
  }

  bool read_class(const CsvReader& reader) {
    const std::size_t column = layout_.targets[0];
    const std::string_view text = reader.cells()[column];
    const std::size_t known = classes_.names().size();
    if (parse_cell<float>(text).kind == CellKind::missing) {
      if (options_.missing == MissingValues::reject) reject_missing(reader, column);
      if (options_.missing == MissingValues::mean) reject_missing_target(reader, column);
      return false;
    }
    const std::size_t number = classes_.number_of(text);
    if (number == Classes::kFull) {
      reject(reader, column,
             "the first row of more than " + std::to_string(kMaxTableClasses) +
                 " classes; choose another --target, or --regression to learn a number");
    }
    if (number == known && like_ != nullptr) reject(reader, column, "expected a class of the training rows");
    if (number == known && !is_name(text)) {
      reject(reader, column,
             "a name with control characters or not in UTF-8; if it is Latin-1, convert it: iconv -f ISO-8859-1 -t "
             "UTF-8 FILE > NEW");
    }
    table_.wide_labels[table_.rows] = static_cast<std::uint16_t>(number);
    return true;
  }

  /// False: the value is missing, and that is not rejected.
  bool read_number(const CsvReader& reader, std::size_t column, float& value) {
    const std::string_view text = reader.cells()[column];
    ParsedCell<float> cell = parse_cell<float>(text, mark_);
    if (cell.kind == CellKind::text) cell = parse_other_mark(reader, column);
    if (cell.has_mark && mark_line_ == 0) mark_line_ = reader.line();
    value = cell.value;
    if (cell.kind == CellKind::number) {
      if (cell.has_mark && mark_ == ',') has_only_thousands_ = has_only_thousands_ && looks_like_thousands(text);
      return true;
    }
    if (cell.kind == CellKind::missing && options_.missing != MissingValues::reject) return false;
    if (cell.kind == CellKind::missing) reject_missing(reader, column);
    if (cell.kind == CellKind::not_finite) reject(reader, column, "expected a finite number below 3.4e38");
    reject_text(reader, column);
  }

  /// Parses a cell that is text under the decimal mark assumed so far. The first mark in the file decides.
  ParsedCell<float> parse_other_mark(const CsvReader& reader, std::size_t column) {
    const char other = mark_ == '.' ? ',' : '.';
    const ParsedCell<float> cell = parse_cell<float>(reader.cells()[column], other);
    if (layout_.separator == ',' || cell.kind == CellKind::text) return {};
    if (mark_line_ != 0) {
      reject(reader, column,
             std::string("the decimal mark is '") + mark_ + "' on line " + std::to_string(mark_line_) +
                 "; use one in the whole file");
    }
    mark_ = other;
    return cell;
  }

  /// Whether a comma may separate thousands: "1,234".
  static bool looks_like_thousands(std::string_view text) {
    const std::size_t comma = text.find(',');
    return text.size() - comma == 4 && comma <= 4 && text.find_first_not_of("+-0") < comma;
  }

  [[noreturn]] void reject(const CsvReader& reader, std::size_t column, const std::string& problem) const {
    reader.reject(reader.line(), "column " + quote_cell(layout_.names[column]) + ": found " +
                                     quote_cell(reader.cells()[column]) + ", " + problem);
  }
  [[noreturn]] void reject_missing(const CsvReader& reader, std::size_t column) const {
    reject(reader, column,
           options_.is_for_network
               ? "a missing value; --missing mean fills in the mean of the training rows"
               : "a missing value; --missing drop leaves out such rows, --missing mean fills in the mean");
  }
  [[noreturn]] void reject_missing_target(const CsvReader& reader, std::size_t column) const {
    reject(reader, column, "a missing value, which has no mean in a target; --missing drop leaves out such rows");
  }
  [[noreturn]] void reject_text(const CsvReader& reader, std::size_t column) const {
    const std::string_view text = reader.cells()[column];
    if (parse_cell<float>(text, ',').kind == CellKind::number) {
      reject(reader, column,
             "expected a number; decimal commas need ';' or tabs between cells, and commas between "
             "thousands must be removed");
    }
    const bool is_target = std::count(layout_.targets.begin(), layout_.targets.end(), column) != 0;
    reject(reader, column,
           options_.is_for_network ? "expected a number"
           : is_target             ? "expected a number; without --regression, texts are classes"
                       : "expected a number; leave the column out: --ignore " + quoted(layout_.names[column]));
  }
  void finish() {
    table_.features = table_.features.subspan(0, table_.rows * layout_.features.size());
    table_.targets = table_.targets.subspan(0, options_.regression ? table_.rows * layout_.targets.size() : 0);
    if (has_classes()) finish_classes();
    table_.warnings = layout_.warnings;
    if (table_.dropped != 0) {
      table_.warnings.push_back(std::to_string(table_.dropped) + " of " + std::to_string(rows_read_) +
                                " rows have a missing value and are dropped");
    }
    if (mark_ == ',' && has_only_thousands_) {
      table_.warnings.emplace_back("commas are read as decimal marks; if they separate thousands, remove them");
    }
    if (like_ == nullptr) add_warnings(table_);
  }

  /// Sorts the classes and narrows labels to bytes where they fit.
  void finish_classes() {
    std::vector<std::uint16_t> order(classes_.names().size());
    std::iota(order.begin(), order.end(), std::uint16_t{0});
    if (like_ == nullptr) order = classes_.sorted();
    std::vector<std::uint16_t> place(order.size());
    for (std::size_t i = 0; i < order.size(); ++i) {
      place[order[i]] = static_cast<std::uint16_t>(i);
      table_.class_names.push_back(classes_.names()[order[i]]);
    }
    const mote::Span<std::uint16_t> labels = table_.wide_labels.subspan(0, table_.rows);
    table_.wide_labels = {};
    if (order.size() > 256) {
      table_.wide_labels = labels;
      for (std::uint16_t& label : labels) label = place[label];
      return;
    }
    table_.labels = {reinterpret_cast<std::uint8_t*>(labels.data()), table_.rows};
    for (std::size_t row = 0; row < table_.rows; ++row) {  // byte `row` lies in or before label `row`
      table_.labels[row] = static_cast<std::uint8_t>(place[labels[row]]);
    }
  }

  mote::ByteSource source_;
  const std::string& name_;
  const TableOptions& options_;
  const TableProgress& progress_;
  const TableData* like_;
  TableLayout layout_;
  Classes classes_;
  TableData table_;
  std::size_t rows_read_ = 0;
  char mark_ = '.';              // decimal mark of the file
  std::uint64_t mark_line_ = 0;  // first line with a decimal mark
  bool has_only_thousands_ = true;
};

}  // namespace

TableData load_table(mote::ByteSource source, const std::string& name, mote::Memory memory, const TableOptions& options,
                     const TableProgress& progress, const TableData* like) {
  return TableReader(source, name, options, progress, like).load(memory);
}

std::size_t label_of(const TableData& table, std::size_t row) {
  return table.labels.empty() ? table.wide_labels[row] : table.labels[row];
}

std::vector<float> fill_missing(TableData& table, mote::Span<const std::uint32_t> training_rows) {
  const std::size_t features = table.feature_names.size();
  std::vector<double> sums(features);
  std::vector<std::size_t> counts(features);
  for (const std::uint32_t row : training_rows) {
    for (std::size_t i = 0; i < features; ++i) {
      const float value = table.features[row * features + i];
      if (std::isnan(value)) continue;
      sums[i] += static_cast<double>(value);
      ++counts[i];
    }
  }
  std::vector<float> means(features);
  for (std::size_t i = 0; i < features; ++i) {
    if (counts[i] == 0) {
      throw Error("column " + quote_cell(table.feature_names[i]) +
                  ": no value in any training row; leave it out: --ignore");
    }
    means[i] = static_cast<float>(sums[i] / static_cast<double>(counts[i]));
  }
  fill_missing(table, mote::Span<const float>(means.data(), means.size()));
  return means;
}

void fill_missing(TableData& table, mote::Span<const float> means) {
  for (std::size_t i = 0; i < table.features.size(); ++i) {
    if (std::isnan(table.features[i])) table.features[i] = means[i % means.size()];
  }
  table.missing = 0;
}

void arrange_rows(TableData& table, mote::Span<const std::uint32_t> order) {
  const auto arrange = [&](auto values, std::size_t columns) {
    if (!values.empty()) arrange_rows(values, columns, order);
  };
  arrange(table.features, table.feature_names.size());
  arrange(table.targets, table.target_names.size());
  arrange(table.labels, 1);
  arrange(table.wide_labels, 1);
}

}  // namespace tools
