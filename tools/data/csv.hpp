// SPDX-License-Identifier: MIT
// Records of a CSV file: RFC 4180, with commas, semicolons or tabs between cells; and numbers in cells.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "mote/bytes.hpp"

namespace tools {

/// Limits of a record: they bound the memory that a hostile file can ask for.
inline constexpr std::size_t kMaxRecordBytes = std::size_t{1} << 24;
inline constexpr std::size_t kMaxColumns = std::size_t{1} << 20;
/// Text that CsvReader reads at a time.
inline constexpr std::size_t kCsvBlockBytes = std::size_t{1} << 18;

/// Reads a CSV file record by record. Memory: one block of text, or the longest record; cells are views of it.
///
/// - A UTF-8 byte-order mark is skipped. Lines end with LF or CRLF; the last line needs no end. A lone carriage return
///   outside quotes is rejected.
/// - A line of nothing but spaces and tabs is skipped, unless tabs separate cells.
/// - Spaces and tabs around a cell are dropped; quotes keep those inside them. A quoted cell may contain separators,
///   line breaks and doubled quotes. A doubled quote stands for one quote. A quote inside a cell without quotes is
///   rejected, as is text after a closing quote.
/// - Every record must have as many cells as the first.
/// - Zero bytes and files of other formats (UTF-16, gzip, spreadsheets, HTML, ...) are rejected with a remedy.
///
/// All functions throw an Error that begins with the name of the file and, where it applies, the line. Lines are
/// counted from 1, including skipped ones and line breaks inside quotes.
class CsvReader {
 public:
  /// source: must outlive the reader. name: the beginning of error messages. separator: see find_separator().
  /// block_bytes: positive; text read at a time.
  CsvReader(mote::ByteSource source, std::string name, char separator, std::size_t block_bytes = kCsvBlockBytes);

  /// Reads the next record; false at the end of the file.
  bool next();
  /// Cells of the record that next() read; valid until the next call.
  mote::Span<const std::string_view> cells() const { return {cells_.data(), cells_.size()}; }
  /// Line on which that record begins.
  std::uint64_t line() const { return line_; }
  /// Bytes of the file that have been read.
  std::uint64_t position() const { return position_; }
  char separator() const { return separator_; }
  /// Throws an Error: name, line, problem.
  [[noreturn]] void reject(std::uint64_t line, const std::string& problem) const;

 private:
  bool read_more();
  void check_format() const;
  bool split_record();
  const char* plain_cell(const char* at);
  const char* quoted_cell(const char* at);
  const char* closing_quote(const char* at, bool& has_doubled_quotes) const;
  const char* after_quotes(const char* at, std::uint64_t line) const;
  bool end_record(const char* at);
  void undouble_quotes();

  const char* skip_blanks(const char* at) const;
  bool is_blank(char c) const { return c == ' ' || (c == '\t' && separator_ != '\t'); }
  const char* limit() const { return buffer_.data() + end_; }
  bool is_all_read() const { return position_ == source_.size; }

  mote::ByteSource source_;
  std::string name_;
  char separator_;
  bool stops_[256] = {};      // bytes that end the inner loop over a plain cell
  std::vector<char> buffer_;  // text, and a zero byte after it
  std::size_t begin_ = 0;     // of the next record in the buffer
  std::size_t end_ = 0;       // of the text in the buffer
  std::uint64_t position_ = 0;
  std::uint64_t line_ = 0;       // of the current record
  std::uint64_t next_line_ = 1;  // of the next record
  std::uint64_t first_line_ = 0;
  std::size_t columns_ = 0;  // of every record; 0: no record yet
  std::vector<std::string_view> cells_;
  std::vector<std::size_t> doubled_;  // cells with doubled quotes
  bool is_quoted_ = false;            // whether the record has a quoted cell
};

/// Finds the separator from the first 20 records: of tab, semicolon and comma the first that splits each of them into
/// an equal number of cells, at least two. If there is none, the separator that splits the first record into the most
/// cells, so that reading the file reports the error that its author sees; the comma in case of a tie.
char find_separator(mote::ByteSource source, const std::string& name);

/// Meaning of the text in a cell.
enum class CellKind {
  number,      ///< finite as Float
  missing,     ///< empty, NA, N/A, NaN, null or ?, in any case
  not_finite,  ///< inf, infinity, or larger than Float can be
  text,        ///< anything else
};

template <typename Float>
struct ParsedCell {
  CellKind kind = CellKind::text;
  bool has_mark = false;  ///< whether the number has a decimal mark
  Float value = 0;        ///< of a number, rounded to nearest; numbers too small for Float become 0
};

/// Reads a decimal number: an optional sign, digits with at most one decimal mark before, between or after them, and an
/// optional exponent ("+1", ".5", "5.", "1e-3"), surrounded by any spaces and tabs. Independent of the locale. Float:
/// float or double.
template <typename Float>
ParsedCell<Float> parse_cell(std::string_view text, char decimal_mark = '.');
extern template ParsedCell<float> parse_cell<float>(std::string_view, char);
extern template ParsedCell<double> parse_cell<double>(std::string_view, char);

/// Quotes a cell for an error message: at most some 40 bytes, control characters as '?'.
std::string quote_cell(std::string_view text);

/// Whether text can name a column or a class: UTF-8 (RFC 3629) without control characters.
bool is_name(std::string_view text);

}  // namespace tools
