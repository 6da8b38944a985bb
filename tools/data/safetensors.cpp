// SPDX-License-Identifier: MIT
#include "data/safetensors.hpp"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstring>
#include <string_view>
#include <utility>

#include "common/error.hpp"
#include "common/format.hpp"

namespace tools {
namespace {

constexpr std::uint64_t kSizeBytes = 8, kLongestHeader = 64 << 20;

/// Reads the part of JSON that headers use: objects, strings, lists of whole numbers.
class HeaderReader {
 public:
  HeaderReader(const std::string& text, const std::string& name) : text_(text), name_(name) {}

  [[noreturn]] void fail(const std::string& expected) const {
    throw Error(name_ + ": safetensors header: expected " + expected + " at byte " + std::to_string(kSizeBytes + at_));
  }
  bool take(char token) {
    skip_space();
    if (at_ == text_.size() || text_[at_] != token) return false;
    return ++at_, true;
  }
  void require(char token) {
    if (!take(token)) fail(std::string("'") + token + "'");
  }
  bool at_end() { return skip_space(), at_ == text_.size(); }

  std::string string() {
    require('"');
    std::string value;
    for (;;) {
      if (at_ == text_.size() || static_cast<unsigned char>(text_[at_]) < 0x20) fail("the end of a string");
      const char c = text_[at_++];
      if (c == '"') return value;
      value += c == '\\' ? escaped() : std::string(1, c);
    }
  }
  std::uint64_t number() {
    skip_space();
    const std::size_t start = at_;
    std::uint64_t value = 0;
    constexpr std::uint64_t kMost = std::uint64_t{1} << 60;
    for (; at_ < text_.size() && text_[at_] >= '0' && text_[at_] <= '9' && value < kMost / 16; ++at_) {
      value = 10 * value + static_cast<std::uint64_t>(text_[at_] - '0');
    }
    if (at_ == start || value >= kMost / 16) fail("a whole number");
    return value;
  }
  std::vector<std::uint64_t> numbers() {
    std::vector<std::uint64_t> list;
    require('[');
    if (take(']')) return list;
    do list.push_back(number());
    while (take(','));
    require(']');
    return list;
  }
  /// Reads an object; member(key) reads the value.
  template <typename F>
  void object(F member) {
    require('{');
    if (take('}')) return;
    do {
      const std::string key = string();
      require(':');
      member(key);
    } while (take(','));
    require('}');
  }

  /// Skips a value of any kind. depth: of the arrays and objects around it.
  void skip(int depth = 0) {
    constexpr int kDeepest = 16;
    if (depth > kDeepest) fail("at most " + std::to_string(kDeepest) + " arrays and objects in each other");
    skip_space();
    const char first = at_ < text_.size() ? text_[at_] : '\0';
    if (first == '"') {
      static_cast<void>(string());
    } else if (first == '{') {
      object([&](const std::string&) { skip(depth + 1); });
    } else if (take('[')) {
      if (take(']')) return;
      do skip(depth + 1);
      while (take(','));
      require(']');
    } else {
      const std::size_t start = at_;
      while (at_ < text_.size() && (std::isalnum(static_cast<unsigned char>(text_[at_])) != 0 ||
                                    std::string_view("+-.").find(text_[at_]) != std::string_view::npos)) {
        ++at_;
      }
      if (at_ == start) fail("a value");
    }
  }

 private:
  void skip_space() {
    while (at_ < text_.size() && std::strchr(" \t\r\n", text_[at_]) != nullptr && text_[at_] != '\0') ++at_;
  }
  std::string escaped() {
    constexpr std::string_view kLetters = "\"\\/bfnrt", kMeant = "\"\\/\b\f\n\r\t";
    const std::size_t letter = at_ < text_.size() ? kLetters.find(text_[at_]) : std::string_view::npos;
    if (letter != std::string_view::npos) return ++at_, std::string(1, kMeant[letter]);
    if (at_ + 5 > text_.size() || text_[at_] != 'u') fail("an escape");
    const std::string digits = text_.substr(at_ + 1, 4);
    if (digits.find_first_not_of("0123456789abcdefABCDEF") != std::string::npos) fail("four hexadecimal digits");
    at_ += 5;
    const unsigned long point = std::stoul(digits, nullptr, 16);
    return point < 0x80 ? std::string(1, static_cast<char>(point)) : "\\u" + digits;  // no name that mote looks for
  }

  const std::string& text_;
  const std::string& name_;
  std::size_t at_ = 0;
};

/// Bytes of an element; 0 for a type that is not known.
std::uint64_t size_of_type(const std::string& type) {
  if (type == "F64" || type == "I64" || type == "U64") return 8;
  if (type == "F32" || type == "I32" || type == "U32") return 4;
  if (type == "F16" || type == "BF16" || type == "I16" || type == "U16") return 2;
  return type == "I8" || type == "U8" || type == "BOOL" ? 1 : 0;
}

ForeignTensor read_entry(HeaderReader& json, const std::string& name) {
  ForeignTensor tensor;
  tensor.name = name;
  std::vector<std::uint64_t> offsets;
  json.object([&](const std::string& key) {
    if (key == "dtype") {
      tensor.type = json.string();
    } else if (key == "shape") {
      tensor.shape = json.numbers();
    } else if (key == "data_offsets") {
      offsets = json.numbers();
    } else {
      json.skip();
    }
  });
  if (tensor.type.empty() || offsets.size() != 2) json.fail("dtype, shape and two data_offsets of " + name);
  tensor.begin = offsets[0], tensor.end = offsets[1];
  return tensor;
}

float half_to_float(std::uint32_t bits) {
  const std::uint32_t exponent = bits >> 10 & 31, fraction = bits & 1023;
  const float magnitude = exponent == 31 ? (fraction == 0 ? HUGE_VALF : NAN)
                          : exponent == 0
                              ? std::ldexp(static_cast<float>(fraction), -24)
                              : std::ldexp(static_cast<float>(1024 + fraction), static_cast<int>(exponent) - 25);
  return (bits & 0x8000) != 0 ? -magnitude : magnitude;
}

float number_of(const std::string& type, const unsigned char* bytes) {
  std::uint64_t bits = 0;
  for (std::uint64_t i = size_of_type(type); i > 0; --i) bits = bits << 8 | bytes[i - 1];
  if (type == "F64") {
    double value;
    std::memcpy(&value, &bits, sizeof value);
    return static_cast<float>(value);
  }
  if (type == "F16") return half_to_float(static_cast<std::uint32_t>(bits));
  const auto single = static_cast<std::uint32_t>(type == "BF16" ? bits << 16 : bits);
  float value;
  std::memcpy(&value, &single, sizeof value);
  return value;
}

/// Throws an Error unless the tensors fill [begin, end) of the file, each byte once, as the format demands.
void require_no_gaps(const std::vector<ForeignTensor>& tensors, std::uint64_t begin, std::uint64_t end,
                     const std::string& name) {
  std::vector<const ForeignTensor*> order;
  for (const ForeignTensor& tensor : tensors) order.push_back(&tensor);
  std::sort(order.begin(), order.end(), [](const ForeignTensor* a, const ForeignTensor* b) {
    return std::pair(a->begin, a->end) < std::pair(b->begin, b->end);
  });
  std::uint64_t at = begin;
  for (const ForeignTensor* tensor : order) {
    if (tensor->begin != at) {
      throw Error(name + ": tensor " + tensor->text() + ": found at byte " + std::to_string(tensor->begin) +
                  ", expected at " + std::to_string(at) + ": tensors overlap or leave a gap");
    }
    at = tensor->end;
  }
  if (at != end) throw Error(name + ": found " + std::to_string(end - at) + " bytes after the last tensor");
}

}  // namespace

std::string comma_list(const std::vector<std::uint64_t>& numbers) {
  std::string list;
  for (const std::uint64_t number : numbers) list += (list.empty() ? "" : ",") + std::to_string(number);
  return list;
}

std::uint64_t ForeignTensor::elements() const {
  std::uint64_t count = 1;
  for (const std::uint64_t size : shape)
    count = size != 0 && count > (std::uint64_t{1} << 60) / size ? ~0ull : count * size;
  return count;
}

std::string ForeignTensor::text() const {
  return (name.empty() ? "\"\"" : printable(name)) + " [" + comma_list(shape) + "]";
}

ForeignFile read_safetensors(const mote::ByteSource& file, const std::string& name) {
  unsigned char start[kSizeBytes] = {};
  std::uint64_t size = 0;
  if (file.size < kSizeBytes || !file.read(file.context, 0, mote::Memory(start))) throw Error(name + ": too short");
  for (std::size_t i = kSizeBytes; i > 0; --i) size = size << 8 | start[i - 1];
  if (size > file.size - kSizeBytes || size > kLongestHeader) {
    throw Error(name + ": safetensors header: found " + std::to_string(size) + " bytes, expected at most " +
                std::to_string(std::min(file.size - kSizeBytes, kLongestHeader)));
  }
  std::string text(static_cast<std::size_t>(size), '\0');
  if (!file.read(file.context, kSizeBytes, {reinterpret_cast<unsigned char*>(text.data()), text.size()})) {
    throw Error(name + ": cannot be read");
  }
  ForeignFile found;
  HeaderReader json(text, name);
  json.object([&](const std::string& key) {
    if (key == "__metadata__") {
      json.object([&](const std::string& word) { found.metadata[word] = json.string(); });
    } else {
      found.tensors.push_back(read_entry(json, key));
    }
  });
  if (!json.at_end()) json.fail("the end");
  const std::uint64_t data = kSizeBytes + size, room = file.size - data;
  for (ForeignTensor& tensor : found.tensors) {
    const std::uint64_t element = size_of_type(tensor.type), bytes = tensor.end - tensor.begin;
    const bool fits = tensor.begin <= tensor.end && tensor.end <= room;
    if (!fits || (element != 0 && (bytes % element != 0 || bytes / element != tensor.elements()))) {
      throw Error(name + ": tensor " + tensor.text() + " of " + printable(tensor.type) + ": found offsets " +
                  std::to_string(tensor.begin) + " to " + std::to_string(tensor.end) + " in " + std::to_string(room) +
                  " bytes of data");
    }
    tensor.begin += data, tensor.end += data;
  }
  require_no_gaps(found.tensors, data, file.size, name);
  return found;
}

std::vector<float> read_numbers(const mote::ByteSource& file, const std::string& name, const ForeignTensor& tensor) {
  const std::string problem = name + ": tensor " + tensor.text() + ": ";
  if (tensor.type != "F32" && tensor.type != "F64" && tensor.type != "F16" && tensor.type != "BF16") {
    throw Error(problem + "found " + printable(tensor.type) + ", expected F32, F64, F16 or BF16");
  }
  std::vector<unsigned char> bytes(static_cast<std::size_t>(tensor.end - tensor.begin));
  if (!bytes.empty() && !file.read(file.context, tensor.begin, {bytes.data(), bytes.size()})) {
    throw Error(name + ": cannot be read");
  }
  std::vector<float> numbers(static_cast<std::size_t>(tensor.elements()));
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    numbers[i] = number_of(tensor.type, bytes.data() + i * size_of_type(tensor.type));
    if (std::isfinite(numbers[i])) continue;
    throw Error(problem + "element " + std::to_string(i) + ": expected a finite number of single precision");
  }
  return numbers;
}

}  // namespace tools
