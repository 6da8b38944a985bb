// SPDX-License-Identifier: MIT
// CSV files: cells as RFC 4180 writes them, numbers as strtod reads them, and one line for every file that is rejected.
#include "data/csv.hpp"

#include <gtest/gtest.h>

#include <cinttypes>
#include <clocale>
#include <cmath>
#include <cstdlib>
#include <cstring>
#include <limits>
#include <random>

#include "common/error.hpp"
#include "support/text_source.hpp"

namespace {

using tools::CellKind;
using Record = std::vector<std::string>;
using Records = std::vector<Record>;

Records read(const std::string& text, char separator = ',', std::size_t block = tools::kCsvBlockBytes) {
  TextSource file(text);
  tools::CsvReader reader(file.source(), "t.csv", separator, block);
  Records records;
  while (reader.next()) records.emplace_back(reader.cells().begin(), reader.cells().end());
  EXPECT_FALSE(reader.next());
  return records;
}

std::string refusal(const std::string& text, char separator = ',', std::size_t block = tools::kCsvBlockBytes) {
  try {
    read(text, separator, block);
  } catch (const tools::Error& error) {
    return error.what();
  }
  return "";
}

char separator_of(const std::string& text) {
  TextSource file(text);
  return tools::find_separator(file.source(), "t.csv");
}

TEST(Csv, ReadsCells) {
  const Records expected = {{"a", "b", "c"}, {"1", "", "3"}};
  EXPECT_EQ(read("a,b,c\n1,,3\n"), expected);
  EXPECT_EQ(read("a,b,c\n1,,3"), expected);
  EXPECT_EQ(read("a,b,c\r\n1,,3\r\n"), expected);
  EXPECT_EQ(read("a,b,c\r\n1,,3"), expected);
  EXPECT_EQ(read("a;b;c\n1;;3\n", ';'), expected);
  EXPECT_EQ(read("a\tb\tc\n1\t\t3\n", '\t'), expected);
  EXPECT_EQ(read("\xef\xbb\xbf"
                 "a,b,c\n1,,3\n"),
            expected);
  EXPECT_EQ(read("\n  \n\r\na,b,c\n\t\n1,,3\n\n\n"), expected);
  EXPECT_EQ(read(" a,b\t, c \n1 ,  ,\t3\n"), expected);
}

TEST(Csv, ReadsQuotedCells) {
  EXPECT_EQ(read("\"a\",\"b,c\"\n"), (Records{{"a", "b,c"}}));
  EXPECT_EQ(read("\"say \"\"hi\"\"\",\"\"\n\"\"\"\",\" x \"\n"), (Records{{"say \"hi\"", ""}, {"\"", " x "}}));
  EXPECT_EQ(read("\"two\nlines\",\"two\r\nlines\"\n1,2\n"), (Records{{"two\nlines", "two\r\nlines"}, {"1", "2"}}));
  EXPECT_EQ(read(" \"a\" ,\t\"b\"\t\n"), (Records{{"a", "b"}}));
  EXPECT_EQ(read("\"a\""), (Records{{"a"}}));
  EXPECT_EQ(read("\"\"\n1\n"), (Records{{""}, {"1"}}));  // one empty cell, not a blank line
  EXPECT_EQ(read("\t\t\n1\t2\t3\n", '\t'), (Records{{"", "", ""}, {"1", "2", "3"}}));
}

TEST(Csv, ReadsNothing) {
  EXPECT_EQ(read(""), Records{});
  EXPECT_EQ(read("\xef\xbb\xbf"), Records{});
  EXPECT_EQ(read("\n \n\r\n"), Records{});
}

TEST(Csv, ReadsTheSameInBlocksOfAnySize) {
  const std::string text =
      "\xef\xbb\xbf"
      "aa,\"b\"\"b\",c\r\n\r\n\"1\n\",2,\"\"\n 3 ,\"4\" ,5";
  const Records expected = {{"aa", "b\"b", "c"}, {"1\n", "2", ""}, {"3", "4", "5"}};
  for (std::size_t block = 1; block <= text.size() + 2; ++block) EXPECT_EQ(read(text, ',', block), expected) << block;
}

TEST(Csv, CountsLines) {
  TextSource file("a,b\n\n\"1\n\n\",2\r\n\n3,4");
  tools::CsvReader reader(file.source(), "t.csv", ',');
  std::vector<std::uint64_t> lines;
  while (reader.next()) lines.push_back(reader.line());
  EXPECT_EQ(lines, (std::vector<std::uint64_t>{1, 3, 7}));
}

std::string in_quotes(const std::string& cell) {
  std::string text = "\"";
  for (const char c : cell) text += c == '"' ? std::string("\"\"") : std::string(1, c);
  return text + "\"";
}

TEST(Csv, RoundTripsRandomCells) {
  std::mt19937 random(1);
  const auto below = [&](std::uint32_t bound) { return static_cast<std::uint32_t>(random() % bound); };
  const std::string alphabet = "ab1.- \t,;\"\r\n\xc3\xa4";
  for (int round = 0; round < 3000; ++round) {
    const char separator = ",;\t"[below(3)];
    const std::size_t columns = 1 + below(4);
    Records records(1 + below(4));
    std::string text;
    for (Record& record : records) {
      for (std::size_t i = 0; i < columns; ++i) {
        std::string cell;
        for (std::uint32_t k = below(8); k > 0; --k)
          cell += alphabet[below(static_cast<std::uint32_t>(alphabet.size()))];
        const bool needs_quotes = cell.find_first_of(",;\t\"\r\n") != std::string::npos ||
                                  (columns == 1 && cell.empty()) ||
                                  (!cell.empty() && (cell.front() == ' ' || cell.back() == ' '));
        if (i != 0) text += separator;
        text += needs_quotes || below(3) == 0 ? in_quotes(cell) : cell;
        record.push_back(cell);
      }
      text += below(2) == 0 ? "\n" : "\r\n";
    }
    if (below(2) == 0) text.erase(text.find_last_not_of("\r\n") + 1);
    ASSERT_EQ(read(text, separator, 1 + below(20)), records) << text;
  }
}

TEST(Csv, FindsSeparators) {
  EXPECT_EQ(separator_of("a,b\n1,2\n"), ',');
  EXPECT_EQ(separator_of("a;b\n1;2\n"), ';');
  EXPECT_EQ(separator_of("a\tb\n1\t2\n"), '\t');
  EXPECT_EQ(separator_of("1,5;2,5\n3,5;4,5\n"), ';');
  EXPECT_EQ(separator_of("x, y;z\n1,2;3\n"), ';');
  EXPECT_EQ(separator_of("\"a,b\";\"c\"\n1;2\n"), ';');
  EXPECT_EQ(separator_of("\"a;b\",c\n\"1;2\",3\n"), ',');
  EXPECT_EQ(separator_of("a;b,c\n1,2\n"), ',');  // semicolons do not split all records
  EXPECT_EQ(separator_of("1\n2\n"), ',');
  EXPECT_EQ(separator_of(""), ',');
  // Records that do not fit: the separator of the first.
  EXPECT_EQ(separator_of("a;b;c\n1;2;3\n1;2\n"), ';');
  EXPECT_EQ(separator_of("a,b,c\n1,2,3\n1,2\n"), ',');
  EXPECT_EQ(separator_of("\"a\";\"b"), ';');
}

TEST(Csv, RejectsMalformedRecordsWithTheirLine) {
  EXPECT_EQ(refusal("a,b\n1,2\n3\n"), "t.csv: line 3: 1 cell, expected 2 as on line 1");
  EXPECT_EQ(refusal("\na,b\n1,2,\n"), "t.csv: line 3: 3 cells, expected 2 as on line 2");
  EXPECT_EQ(refusal("a,b\n\n1,\"2\n3,4\n"), "t.csv: line 3: a quote that begins here never ends");
  EXPECT_EQ(refusal("\"1\n2\",\"3\n"), "t.csv: line 2: a quote that begins here never ends");
  EXPECT_EQ(refusal("1,\"2\" 3\n"),
            "t.csv: line 1: text after a closing quote; double the quotes inside a quoted cell");
  EXPECT_EQ(refusal("1,2\n3,4\"\n"),
            "t.csv: line 2: a quote inside a cell that does not begin with one; quote the cell and double the quote");
  const std::string lone = ": a carriage return without a line feed; convert it: tr '\\r' '\\n' < FILE > NEW";
  EXPECT_EQ(refusal("1,2\r3,4\r"), "t.csv: line 1" + lone);
  EXPECT_EQ(refusal("1,2\n3,4\r\r\n"), "t.csv: line 2" + lone);
  EXPECT_EQ(refusal("1,2\n3,4\r"), "t.csv: line 2" + lone);
}

TEST(Csv, RejectsInBlocksOfAnySize) {
  for (const std::string text : {"a,b\n1,\"2\n3,4\n", "1,\"2\" 3\n", "1,2\r3,4", "1,2\n3\n", "1,2\n3,4\r"}) {
    const std::string expected = refusal(text);
    EXPECT_NE(expected, "");
    for (std::size_t block = 1; block <= text.size(); ++block) EXPECT_EQ(refusal(text, ',', block), expected);
  }
}

TEST(Csv, RejectsOtherFormats) {
  const auto expect = [](const std::string& text, const std::string& problem) {
    EXPECT_EQ(refusal(text), "t.csv: not a CSV file: " + problem);
  };
  expect("\x1f\x8b\x08 abc", "compressed by gzip; run gunzip on it first");
  expect("PK\x03\x04 abc", "a zip archive or a spreadsheet (.xlsx, .ods); save it as CSV");
  expect("\xd0\xcf\x11\xe0 abc", "an Excel spreadsheet (.xls); save it as CSV");
  expect(std::string("\xff\xfe"
                     "1\0,\0",
                     6),
         "encoded as UTF-16; convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW");
  expect(std::string("\xfe\xff"
                     "\0001\0,",
                     6),
         "encoded as UTF-16; convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW");
  expect("\x93NUMPY\x01", "a NumPy array; write it with numpy.savetxt(FILE, array, delimiter=',')");
  expect("<!DOCTYPE html>", "a web page; download the raw file");
  const std::string zero = "t.csv: line 2: a zero byte";
  const std::string remedy = "; if the text is UTF-16, convert it: iconv -f UTF-16 -t UTF-8 FILE > NEW";
  EXPECT_EQ(refusal(std::string("1,2\n3,\0", 7)), zero + remedy);
  EXPECT_EQ(refusal(std::string("1,2\n3\0,4", 8)), zero + remedy);
  EXPECT_EQ(refusal(std::string("1,2\n\"3\"\0,4", 10)), zero + remedy);
  EXPECT_EQ(refusal(std::string("1,2\n\"\0\",4", 9)), zero);
}

TEST(Csv, BoundsItsMemory) {
  const std::string endless = "1,\"" + std::string(tools::kMaxRecordBytes + 10, 'x');
  EXPECT_EQ(refusal("1,2\n" + endless + "\",\n"),
            "t.csv: line 2: a row of more than 16777216 bytes: does a quote never end?");
  EXPECT_EQ(refusal(std::string(tools::kMaxColumns, ',')), "t.csv: line 1: more than 1048576 cells in a row");
  EXPECT_EQ(read(std::string(tools::kMaxColumns - 1, ','))[0].size(), tools::kMaxColumns);
}

TEST(Csv, SaysWhenAFileCannotBeRead) {
  mote::ByteSource source;
  source.size = 10;
  source.read = [](void*, std::uint64_t, mote::Memory) { return false; };
  tools::CsvReader reader(source, "t.csv", ',');
  try {
    reader.next();
    FAIL();
  } catch (const tools::Error& error) {
    EXPECT_STREQ(error.what(), "t.csv: cannot be read");
  }
}

template <typename Float>
std::uint64_t bits_of(Float value) {
  std::uint64_t bits = 0;
  std::memcpy(&bits, &value, sizeof value);
  return bits;
}

CellKind kind(const std::string& text, char mark = '.') {
  return tools::parse_cell<float>(text, mark).kind;
}

void expect_as_strtod(const std::string& text) {
  const tools::ParsedCell<float> cell = tools::parse_cell<float>(text);
  const tools::ParsedCell<double> wide = tools::parse_cell<double>(text);
  const float expected = std::strtof(text.c_str(), nullptr);
  const double expected_wide = std::strtod(text.c_str(), nullptr);
  ASSERT_EQ(cell.kind, std::isinf(expected) ? CellKind::not_finite : CellKind::number) << text;
  ASSERT_EQ(wide.kind, std::isinf(expected_wide) ? CellKind::not_finite : CellKind::number) << text;
  if (cell.kind == CellKind::number) {
    ASSERT_EQ(bits_of(cell.value), bits_of(expected)) << text;
  }
  if (wide.kind == CellKind::number) {
    ASSERT_EQ(bits_of(wide.value), bits_of(expected_wide)) << text;
  }
}

TEST(CsvNumbers, AcceptEveryDecimalForm) {
  for (const char* text : {"0",
                           "-0",
                           "+1",
                           "1",
                           "-1.5",
                           ".5",
                           "5.",
                           "-.5e1",
                           "1e-3",
                           "1E+3",
                           "1e3",
                           "007",
                           "00.10",
                           "3.4028235e38",
                           "1e-45",
                           "1e-46",
                           "-1e-999",
                           "1e-99999999999999999999",
                           "0.000000000000000000000000000000000000000000000000000001",
                           "1e39",
                           "-1e400",
                           "0e999",
                           "123456789012345678901234567890",
                           "1e99999999999999999999",
                           "16777217",
                           "16777217.0000001",
                           "1.00000005960464477539",
                           "1.00000005960464477540",
                           "0.1",
                           "9007199254740993"}) {
    expect_as_strtod(text);
  }
  EXPECT_EQ(tools::parse_cell<float>(" \t+2.5\t ").value, 2.5f);
  EXPECT_EQ(tools::parse_cell<float>("-2,5e1", ',').value, -25.0f);
  EXPECT_EQ(tools::parse_cell<float>("1,2345678901234567890", ',').value, 1.2345678901234567890f);
  EXPECT_TRUE(tools::parse_cell<float>("5.").has_mark);
  EXPECT_FALSE(tools::parse_cell<float>("5e1").has_mark);
}

TEST(CsvNumbers, RejectEverythingElse) {
  for (const char* text :
       {"+",    "-",  ".",     "e5",    "1e",  "1e+",   "1e-", "--1",       "+-1",      "1.2.3",  "1,5",  "1 2",
        "0x10", "1f", "1e5.5", "1e-x5", "- 1", "1_000", "a",   "nanometer", "infinite", "1.#INF", "none", "nan(1)"}) {
    EXPECT_EQ(kind(text), CellKind::text) << text;
  }
  EXPECT_EQ(kind("1.5", ','), CellKind::text);
  EXPECT_EQ(kind("1.234,5", ','), CellKind::text);
}

TEST(CsvNumbers, TellMissingFromNotFinite) {
  for (const char* text : {"", " ", "NA", "na", "N/A", "n/a", "NaN", "nan", "-nan", "NULL", "Null", "?", " ? "}) {
    EXPECT_EQ(kind(text), CellKind::missing) << text;
  }
  for (const char* text : {"inf", "-INF", "+Infinity", "infinity", "1e39", "-3.5e38"}) {
    EXPECT_EQ(kind(text), CellKind::not_finite) << text;
  }
}

TEST(CsvNumbers, EqualStrtodOnRandomTexts) {
  std::mt19937_64 random(2);
  const auto digits = [&](std::uint64_t most) {
    std::string text;
    for (std::uint64_t i = random() % (most + 1); i > 0; --i) text += static_cast<char>('0' + random() % 10);
    return text;
  };
  for (int i = 0; i < 100000; ++i) {
    std::string text = random() % 2 == 0 ? "-" : random() % 4 == 0 ? "+" : "";
    const std::uint64_t most = i % 3 == 0 ? 4 : i % 3 == 1 ? 9 : 24;
    text += std::to_string(random() % 10) + digits(most);
    if (random() % 3 != 0) text += "." + digits(most);
    if (random() % 3 == 0) text += "e" + std::to_string(static_cast<int>(random() % 100) - 50);
    expect_as_strtod(text);
  }
}

TEST(CsvNumbers, RoundOnceNearMidpointsOfFloats) {
  std::mt19937_64 random(3);
  for (int i = 0; i < 20000; ++i) {
    // The midpoint of two neighboring floats, exactly and to 9 to 17 digits.
    const std::uint32_t bits = 0x30000000u + static_cast<std::uint32_t>(random() % 0x20000000u);
    float low;
    std::memcpy(&low, &bits, sizeof low);
    const double middle = (static_cast<double>(low) + static_cast<double>(std::nextafter(low, INFINITY))) / 2;
    char text[64];
    std::snprintf(text, sizeof text, "%.*g", 9 + i % 9, middle);
    expect_as_strtod(text);
  }
  for (std::uint32_t k = 0; k < 2000; ++k) expect_as_strtod(std::to_string(16777216 + 2 * (random() % 100000000) + 1));
}

TEST(CsvNumbers, DoNotDependOnTheLocale) {
  const std::string old = std::setlocale(LC_ALL, nullptr);
  for (const char* name : {"de_DE.UTF-8", "fr_FR.UTF-8", "C.UTF-8"}) std::setlocale(LC_ALL, name);
  EXPECT_EQ(tools::parse_cell<float>("1.25").value, 1.25f);
  EXPECT_EQ(kind("1,25"), CellKind::text);
  std::setlocale(LC_ALL, old.c_str());
}

TEST(CsvNames, AreUtf8WithoutControlCharacters) {
  for (const std::string text : {"", "a b", "\xc2\xa0", "\xe2\x80\x90", "\xe2\x81\xaa", "\xc3\xa4", "\xe2\x82\xac",
                                 "\xf0\x9f\x98\x80", "\xf4\x8f\xbf\xbf"}) {
    EXPECT_TRUE(tools::is_name(text)) << text;
  }
  for (const std::string text :
       {"a\xc2\x9b", "\xc2\x80", "\xe2\x80\xae", "\xe2\x81\xa6", "a\n", "\x7f", "\x1b[31m", "\xe4", "\xc3", "\xc0\x80",
        "\xe0\x80\x80", "\xed\xa0\x80", "\xf4\x90\x80\x80", "\xf8\x88\x80\x80\x80", "\x80",
        "\xc3"
        "a"}) {
    EXPECT_FALSE(tools::is_name(text)) << text;
  }
}

TEST(CsvNames, AreQuotedForMessages) {
  EXPECT_EQ(tools::quote_cell("a\x1b[1m\n"), "'a?[1m?'");
  EXPECT_EQ(tools::quote_cell(std::string(40, 'x')), "'" + std::string(40, 'x') + "'");
  EXPECT_EQ(tools::quote_cell(std::string(41, 'x')), "'" + std::string(40, 'x') + "...'");
  EXPECT_EQ(tools::quote_cell(std::string(39, 'x') + "\xc3\xa4z"), "'" + std::string(39, 'x') + "...'");
}

}  // namespace
