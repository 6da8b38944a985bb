// SPDX-License-Identifier: MIT
// Floats that end at an inaccessible page: a read or write past the last one crashes.
#pragma once

#include <sys/mman.h>
#include <unistd.h>

#include <algorithm>
#include <cstddef>
#include <stdexcept>
#include <vector>

namespace mote::test {

class FencedFloats {
 public:
  explicit FencedFloats(const std::vector<float>& values) : count_(values.size()) {
    const auto page = static_cast<std::size_t>(sysconf(_SC_PAGESIZE));
    const std::size_t bytes = values.size() * sizeof(float);
    const std::size_t pages = (bytes + page - 1) / page * page;
    size_ = pages + page;
    memory_ = mmap(nullptr, size_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory_ == MAP_FAILED) throw std::runtime_error("no memory for a fence");
    auto* end = static_cast<unsigned char*>(memory_) + pages;
    if (mprotect(end, page, PROT_NONE) != 0) throw std::runtime_error("cannot put up a fence");
    data_ = reinterpret_cast<float*>(end - bytes);
    std::copy(values.begin(), values.end(), data_);
  }
  FencedFloats(const FencedFloats&) = delete;
  FencedFloats& operator=(const FencedFloats&) = delete;
  ~FencedFloats() { munmap(memory_, size_); }

  const float* data() const { return data_; }
  const float& operator[](std::size_t i) const { return data_[i]; }
  const float* begin() const { return data_; }
  const float* end() const { return data_ + count_; }

 private:
  void* memory_ = nullptr;
  std::size_t size_ = 0;
  float* data_ = nullptr;
  std::size_t count_;
};

}  // namespace mote::test
