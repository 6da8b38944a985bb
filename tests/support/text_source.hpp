// SPDX-License-Identifier: MIT
// A file in memory.
#pragma once

#include <algorithm>
#include <string>
#include <utility>

#include "mote/bytes.hpp"

class TextSource {
 public:
  explicit TextSource(std::string text) : text_(std::move(text)) {}
  TextSource(const TextSource&) = delete;
  TextSource& operator=(const TextSource&) = delete;

  /// Must not outlive this.
  mote::ByteSource source() {
    const auto read = [](void* context, std::uint64_t offset, mote::Memory to) {
      const std::string& text = static_cast<TextSource*>(context)->text_;
      if (offset > text.size() || to.size() > text.size() - offset) return false;
      std::copy_n(text.begin() + static_cast<std::ptrdiff_t>(offset), to.size(), to.data());
      return true;
    };
    return {text_.size(), read, this};
  }

 private:
  std::string text_;
};
