// SPDX-License-Identifier: MIT
// CSV files. Two bytes of options, one of block size; then the file.
#include "data/csv.hpp"

#include <cmath>
#include <cstring>
#include <memory>
#include <vector>

#include "common/error.hpp"
#include "data/row_split.hpp"
#include "data/table_data.hpp"
#include "fuzz.hpp"

namespace {

using Records = std::vector<std::vector<std::string>>;

/// Bytes exactly as long as they are, so that the address sanitizer sees a read past them.
struct File {
  explicit File(mote::Bytes text) : bytes(text) {}
  mote::ByteSource source() {
    const auto read = [](void* context, std::uint64_t offset, mote::Memory to) {
      const mote::Bytes from = static_cast<File*>(context)->bytes;
      fuzz::require(offset <= from.size() && to.size() <= from.size() - offset, "nothing past the end is read");
      if (!to.empty()) std::memcpy(to.data(), from.data() + offset, to.size());
      return true;
    };
    return {bytes.size(), read, this};
  }
  mote::Bytes bytes;
};

/// Records up to an error, and the text of that error.
std::string read(mote::Bytes text, char separator, std::size_t block, Records& records) {
  File file(text);
  try {
    tools::CsvReader reader(file.source(), "f", separator, block);
    std::uint64_t line = 0;
    while (reader.next()) {
      fuzz::require(reader.line() > line, "lines increase");
      line = reader.line();
      records.emplace_back(reader.cells().begin(), reader.cells().end());
    }
  } catch (const tools::Error& error) {
    return error.what();
  }
  return "";
}

std::string written(const Records& records, char separator) {
  std::string text;
  for (const auto& record : records) {
    for (const std::string& cell : record) {
      if (&cell != &record[0]) text += separator;
      text += '"';
      for (const char c : cell) text += c == '"' ? std::string("\"\"") : std::string(1, c);
      text += '"';
    }
    text += '\n';
  }
  return text;
}

void check_records(mote::Bytes text, char separator, std::size_t block) {
  Records records, again, rewritten;
  const std::string error = read(text, separator, tools::kCsvBlockBytes, records);
  fuzz::require(read(text, separator, block, again) == error && again == records, "the size of blocks changes nothing");
  const std::string copy = written(records, separator);
  const mote::Bytes bytes(reinterpret_cast<const unsigned char*>(copy.data()), copy.size());
  fuzz::require(read(bytes, separator, tools::kCsvBlockBytes, rewritten).empty() && rewritten == records,
                "records written with quotes are read as they were");
}

void check_table(const tools::TableData& table, const tools::TableOptions& options) {
  std::size_t missing = 0;
  for (const float value : table.features) {
    fuzz::require(!std::isinf(value), "features are finite");
    missing += std::isnan(value) ? 1 : 0;
  }
  fuzz::require(missing == table.missing, "missing values are counted");
  fuzz::require(missing == 0 || options.missing == tools::MissingValues::mean, "missing values are kept on demand");
  fuzz::require(table.rows >= 1 && table.features.size() == table.rows * table.feature_names.size(), "rows are whole");
  for (const float value : table.targets) fuzz::require(std::isfinite(value), "targets are finite");
  if (options.regression) return;
  std::vector<bool> is_used(table.class_names.size());
  for (std::size_t row = 0; row < table.rows; ++row) {
    fuzz::require(tools::label_of(table, row) < is_used.size(), "labels are classes");
    is_used[tools::label_of(table, row)] = true;
  }
  for (const bool used : is_used) fuzz::require(used, "every class has a row");
}

void split_and_fill(tools::TableData& table, double share) {
  const tools::RowSplit split = table.labels.empty()
                                    ? tools::split_rows(table.rows, share, 1)
                                    : tools::split_by_class(mote::Span<const std::uint8_t>(table.labels), share, 1);
  fuzz::require(split.order.size() == table.rows && split.training >= 1, "every row is in the split");
  tools::arrange_rows(table, {split.order.data(), split.order.size()});
  std::vector<std::uint32_t> training(split.training);
  for (std::size_t i = 0; i < training.size(); ++i) training[i] = static_cast<std::uint32_t>(i);
  tools::fill_missing(table, {training.data(), training.size()});
  for (const float value : table.features) fuzz::require(std::isfinite(value), "missing values are filled in");
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint32_t kind = input.byte(), columns = input.byte();
  const std::size_t block = 1 + input.byte();
  check_records(input.rest(), ",;\t"[kind % 3], block);

  tools::TableOptions options;
  options.regression = kind & 4;
  options.missing = static_cast<tools::MissingValues>(kind / 8 % 3);
  options.header = static_cast<tools::HeaderRow>(kind / 32 % 3);
  if (columns & 1) options.targets = {std::to_string(1 + columns / 2 % 4)};
  if (columns & 8) options.ignored = {columns & 16 ? "a" : std::to_string(1 + columns / 32)};
  alignas(mote::kAlignment) static unsigned char memory[1 << 16];
  File file(input.rest());
  try {
    tools::TableData table = tools::load_table(file.source(), "f", {memory, sizeof memory}, options);
    check_table(table, options);
    split_and_fill(table, columns / 256.0);
  } catch (const tools::Error&) {
  }
  return 0;
}
