// SPDX-License-Identifier: MIT
#include "data/csv.hpp"

#include <algorithm>
#include <cstring>
#include <utility>

#include "common/error.hpp"
#include "common/format.hpp"

namespace tools {
namespace {

/// Formats that are mistaken for CSV, by their first bytes.
struct Format {
  std::string_view start;
  const char* problem;
};

constexpr Format kOtherFormats[] = {
    {"\x1f\x8b", "compressed by gzip; run gunzip on it first"},
    {"PK\x03\x04", "a zip archive or a spreadsheet (.xlsx, .ods); save it as CSV"},
    {"\xd0\xcf\x11\xe0", "an Excel spreadsheet (.xls); save it as CSV"},
    {"\xff\xfe", "encoded as UTF-16; convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW"},
    {"\xfe\xff", "encoded as UTF-16; convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW"},
    {"BZh9", "compressed by bzip2; run bunzip2 on it first"},
    {"\xfd"
     "7zXZ",
     "compressed by xz; run unxz on it first"},
    {"\x28\xb5\x2f\xfd", "compressed by zstd; run unzstd on it first"},
    {"\x93NUMPY", "a NumPy array; write it with numpy.savetxt(FILE, array, delimiter=',')"},
    {"SQLite format 3", "an SQLite database; export the table as CSV"},
    {"%PDF-", "a PDF document; save the table as CSV"},
    {{"\0\0", 2}, "an IDX file; name the folder that holds its image set"},
    {"<!DOCTYPE", "a web page; download the raw file"},
    {"<!doctype", "a web page; download the raw file"},
    {"<html", "a web page; download the raw file"},
};

bool starts_with(std::string_view text, std::string_view start) {
  return text.substr(0, start.size()) == start;
}

}  // namespace

CsvReader::CsvReader(mote::ByteSource source, std::string name, char separator, std::size_t block_bytes)
    : source_(source), name_(std::move(name)), separator_(separator) {
  buffer_.resize(static_cast<std::size_t>(std::min<std::uint64_t>(block_bytes, source.size)) + 1);
  for (const char c : {separator, '\n', '\r', '"', '\0'}) stops_[static_cast<unsigned char>(c)] = true;
}

void CsvReader::reject(std::uint64_t line, const std::string& problem) const {
  throw Error(name_ + ": line " + std::to_string(line) + ": " + problem);
}

/// Moves the record that is in work to the front of the buffer and appends text; the buffer grows if the record fills
/// it. False: the file has no more.
bool CsvReader::read_more() {
  if (is_all_read()) return false;
  std::copy(buffer_.begin() + static_cast<std::ptrdiff_t>(begin_), buffer_.begin() + static_cast<std::ptrdiff_t>(end_),
            buffer_.begin());
  end_ -= begin_;
  begin_ = 0;
  if (end_ + 1 == buffer_.size()) {
    if (end_ >= kMaxRecordBytes) {
      reject(next_line_, "a row of more than " + std::to_string(kMaxRecordBytes) + " bytes: does a quote never end?");
    }
    buffer_.resize(2 * end_ + 1);
  }
  const std::uint64_t room = buffer_.size() - 1 - end_;
  const std::size_t count = static_cast<std::size_t>(std::min(room, source_.size - position_));
  unsigned char* to = reinterpret_cast<unsigned char*>(buffer_.data()) + end_;
  if (!source_.read(source_.context, position_, {to, count})) throw Error(name_ + ": cannot be read");
  position_ += count;
  end_ += count;
  buffer_[end_] = '\0';
  return true;
}

void CsvReader::check_format() const {
  const std::string_view text(buffer_.data(), end_);
  for (const Format& format : kOtherFormats) {
    if (starts_with(text, format.start)) throw Error(name_ + ": not a CSV file: " + format.problem);
  }
}

bool CsvReader::next() {
  if (next_line_ == 1 && begin_ == 0) {
    while (end_ < 16 && read_more()) {
    }
    check_format();
    if (starts_with({buffer_.data(), end_}, "\xef\xbb\xbf")) begin_ = 3;
  }
  do {
    if (begin_ == end_ && !read_more()) return false;
    while (!split_record()) read_more();
  } while (cells_.size() == 1 && cells_[0].empty() && !is_quoted_);
  if (columns_ == 0) {
    columns_ = cells_.size();
    first_line_ = line_;
  }
  if (cells_.size() != columns_) {
    reject(line_, counted(cells_.size(), "cell") + ", expected " + std::to_string(columns_) + " as on line " +
                      std::to_string(first_line_));
  }
  return true;
}

/// Splits the record at begin_ into cells. False: the buffer ends before the record does, and nothing was taken.
bool CsvReader::split_record() {
  cells_.clear();
  doubled_.clear();
  is_quoted_ = false;
  line_ = next_line_;
  for (const char* at = buffer_.data() + begin_;; ++at) {
    at = skip_blanks(at);
    at = *at == '"' ? quoted_cell(at) : plain_cell(at);
    if (at == nullptr || *at != separator_) {
      if (at != nullptr && end_record(at)) return true;
      next_line_ = line_;
      return false;
    }
    if (cells_.size() == kMaxColumns) reject(line_, "more than " + std::to_string(kMaxColumns) + " cells in a row");
  }
}

const char* CsvReader::skip_blanks(const char* at) const {
  while (is_blank(*at)) ++at;
  return at;
}

/// Takes the cell at `at`. Returns its end: a separator, a line end or the end of the file; null: more text is needed.
const char* CsvReader::plain_cell(const char* at) {
  const char* end = at;
  while (!stops_[static_cast<unsigned char>(*end)]) ++end;
  if (end == limit() && !is_all_read()) return nullptr;
  if (*end == '"') {
    reject(next_line_, "a quote inside a cell that does not begin with one; quote the cell and double the quote");
  }
  const char* last = end;
  while (last != at && is_blank(last[-1])) --last;
  cells_.emplace_back(at, static_cast<std::size_t>(last - at));
  return end;
}

/// Takes the cell whose opening quote is at `at`, as plain_cell() does.
const char* CsvReader::quoted_cell(const char* at) {
  const std::uint64_t line = next_line_;
  const char* text = at + 1;
  bool has_doubled_quotes = false;
  const char* close = closing_quote(text, has_doubled_quotes);
  if (close == nullptr) {
    if (is_all_read()) reject(line, "a quote that begins here never ends");
    return nullptr;
  }
  if (std::memchr(text, '\0', static_cast<std::size_t>(close - text)) != nullptr) reject(line, "a zero byte");
  const char* end = after_quotes(close + 1, line);
  if (end == nullptr) return nullptr;
  next_line_ += static_cast<std::uint64_t>(std::count(text, close, '\n'));
  is_quoted_ = true;
  if (has_doubled_quotes) doubled_.push_back(cells_.size());
  cells_.emplace_back(text, static_cast<std::size_t>(close - text));
  return end;
}

/// First quote from `at` on that is not doubled; null: none, or the text ends before that is certain.
const char* CsvReader::closing_quote(const char* at, bool& has_doubled_quotes) const {
  for (;; at += 2) {
    at = static_cast<const char*>(std::memchr(at, '"', static_cast<std::size_t>(limit() - at)));
    if (at == nullptr) return nullptr;
    if (at + 1 == limit() && !is_all_read()) return nullptr;
    if (at + 1 == limit() || at[1] != '"') return at;
    has_doubled_quotes = true;
  }
}

/// Skips blanks behind a closing quote. Returns the end of the cell; null: more text is needed.
const char* CsvReader::after_quotes(const char* at, std::uint64_t line) const {
  at = skip_blanks(at);
  if (at == limit()) return is_all_read() ? at : nullptr;
  if (*at == separator_ || *at == '\n' || *at == '\r' || *at == '\0') return at;
  reject(line, "text after a closing quote; double the quotes inside a quoted cell");
}

/// Takes the end of a record at `at`. False: more text is needed.
bool CsvReader::end_record(const char* at) {
  if (at != limit() && *at == '\0') {
    reject(next_line_, "a zero byte; if the text is UTF-16, convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW");
  }
  if (at != limit() && *at == '\r') {
    if (at + 1 == limit() && !is_all_read()) return false;
    if (at[1] != '\n') {
      reject(next_line_, "a carriage return without a line feed; convert it: tr '\\r' '\\n' < FILE > NEW");
    }
    ++at;
  }
  if (at != limit()) ++at;
  begin_ = static_cast<std::size_t>(at - buffer_.data());
  ++next_line_;
  undouble_quotes();
  return true;
}

void CsvReader::undouble_quotes() {
  for (const std::size_t i : doubled_) {
    char* const first = buffer_.data() + (cells_[i].data() - buffer_.data());
    char* last = first;
    for (std::size_t k = 0; k < cells_[i].size(); ++k) {
      *last++ = first[k];
      if (first[k] == '"') ++k;
    }
    cells_[i] = {first, static_cast<std::size_t>(last - first)};
  }
}

char find_separator(mote::ByteSource source, const std::string& name) {
  constexpr int kRecords = 20;
  char best = ',';
  std::size_t most = 0;
  for (const char separator : {'\t', ';', ','}) {
    CsvReader reader(source, name, separator);
    std::size_t cells = 0;  // of the first record, or of its beginning before an error
    try {
      for (int records = 0; records < kRecords && reader.next(); ++records) cells = reader.cells().size();
      if (cells >= 2) return separator;
    } catch (const Error&) {
      if (cells == 0) cells = reader.cells().size();
    }
    if (cells < most) continue;
    most = cells;
    best = separator;
  }
  return best;
}

std::string quote_cell(std::string_view text) {
  constexpr std::size_t kLongest = 40;
  if (text.size() <= kLongest) return "'" + printable(text) + "'";
  std::size_t end = kLongest;  // not inside a character
  while (end > kLongest - 4 && (static_cast<unsigned char>(text[end]) & 0xc0) == 0x80) --end;
  return "'" + printable(text.substr(0, end)) + "...'";
}

bool is_name(std::string_view text) {
  for (std::size_t i = 0; i < text.size();) {
    const std::uint32_t first = static_cast<unsigned char>(text[i]);
    if (control_at(text.substr(i)) != 0) return false;
    if (first < 0x80) {
      ++i;
      continue;
    }
    const std::size_t length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : 2;
    if (first < 0xc2 || first > 0xf4 || text.size() - i < length) return false;
    std::uint32_t point = first & (0xffu >> (length + 1));
    for (std::size_t k = 1; k < length; ++k) {
      const std::uint32_t byte = static_cast<unsigned char>(text[i + k]);
      if ((byte & 0xc0) != 0x80) return false;
      point = point << 6 | (byte & 0x3f);
    }
    constexpr std::uint32_t kSmallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point < kSmallest[length] || point > 0x10ffff || (point >= 0xd800 && point < 0xe000)) return false;
    i += length;
  }
  return true;
}

}  // namespace tools
