// SPDX-License-Identifier: MIT
// A program with the products for microcontrollers, which small_products_test.cpp compiles and runs: compares them with
// reference.hpp and returns the number of differences.
#include <cstdio>
#include <cstring>
#include <vector>

#include "mote/detail/products.hpp"
#include "mote/detail/weight_update.hpp"
#include "products/reference.hpp"

namespace {

using mote::Optimizer;
using std::size_t;
using Floats = std::vector<float>;
constexpr bool kFused = mote::detail::kFused;

int differences = 0;

/// Equal numbers, padding included: it is 0. Sums of zeros may have either sign (products.hpp).
void compare(const Floats& found, const Floats& expected, const char* what, size_t batch, size_t inputs,
             size_t outputs) {
  if (found == expected) return;
  ++differences;
  std::printf("%s %zu x %zu x %zu\n", what, batch, inputs, outputs);
}

/// [rows][stride] numbers, a third of which are 0, and 0 in the padding.
Floats numbers(size_t rows, size_t columns, size_t stride) {
  static std::uint32_t state = 1;
  Floats floats(rows * stride);
  for (size_t i = 0; i < rows; ++i) {
    for (size_t j = 0; j < columns; ++j) {
      state = state * 1664525u + 1013904223u;
      const auto bits = static_cast<std::int32_t>(state >> 8 & 0xffffu) - 0x8000;
      floats[i * stride + j] = state >> 24 < 85 ? 0.0f : static_cast<float>(bits) / 0x1p14f;
    }
  }
  return floats;
}

/// Products of one shape; blank: inputs that are 0 in all samples.
void check(size_t batch, size_t inputs, size_t outputs, bool blank) {
  const size_t lda = mote::row_stride(inputs), ldw = mote::row_stride(outputs);
  Floats A = numbers(batch, inputs, lda), W = numbers(inputs, outputs, ldw), D = numbers(batch, outputs, ldw);
  for (size_t i = 0; blank && i < A.size(); ++i) A[i] = i % lda % 5 < 3 ? 0.0f : A[i];
  Floats expected(batch * ldw), found(batch * ldw, 7.0f);
  mote::reference::forward<kFused>(batch, inputs, outputs, A.data(), lda, W.data(), ldw, expected.data(), ldw);
  mote::forward_product(batch, inputs, outputs, A.data(), lda, W.data(), ldw, found.data(), ldw);
  compare(found, expected, "forward", batch, inputs, outputs);

  expected.assign(batch * lda, 0.0f), found.assign(batch * lda, 7.0f);
  mote::reference::backward<kFused>(batch, inputs, outputs, D.data(), ldw, W.data(), ldw, expected.data(), lda);
  mote::backward_product(batch, inputs, outputs, D.data(), ldw, W.data(), ldw, found.data(), lda, nullptr);
  compare(found, expected, "backward", batch, inputs, outputs);

  for (const bool accumulate : {false, true}) {
    expected = found = numbers(inputs, outputs, ldw);
    mote::reference::weight_gradient<kFused>(batch, inputs, outputs, A.data(), lda, D.data(), ldw, expected.data(), ldw,
                                             accumulate);
    mote::weight_gradient(batch, {0, inputs}, outputs, A.data(), lda, D.data(), {}, accumulate, found.data());
    compare(found, expected, "gradient", batch, inputs, outputs);
  }
  for (int method = 0; method < 8; ++method) {
    for (const float l2 : {0.0f, 0.01f}) {
      for (const float l1 : {0.0f, 0.02f}) {
        const mote::OptimizerStep step{{static_cast<Optimizer>(method), 0.1f, 0.9f}, l2, 3, inputs * ldw, l1};
        Floats state = Floats(2 * inputs * ldw), expected_state = state, strip(mote::detail::kUpdateRows * ldw);
        expected = found = W;
        mote::reference::update<kFused>(batch, inputs, outputs, A.data(), lda, D.data(), ldw, step, expected.data(),
                                        expected_state.data(), ldw);
        mote::update_weights(batch, {0, inputs}, outputs, A.data(), lda, D.data(), {}, step, found.data(), state.data(),
                             strip.data());
        compare(found, expected, "update", batch, inputs, outputs);
        compare(state, expected_state, "state of the update", batch, inputs, outputs);
      }
    }
  }
}

}  // namespace

int main() {
  for (const size_t batch : {1u, 2u, 3u, 4u, 5u, 8u, 11u}) {
    for (const size_t inputs : {1u, 3u, 4u, 17u, 40u}) {
      for (const size_t outputs : {1u, 4u, 7u, 16u, 30u, 36u}) {
        for (const bool blank : {false, true}) check(batch, inputs, outputs, blank);
      }
    }
  }
  std::printf("%s, %d differences\n", kFused ? "fused" : "separate", differences);
  return differences == 0 ? 0 : 1;
}
