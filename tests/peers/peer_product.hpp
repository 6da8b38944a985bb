// SPDX-License-Identifier: MIT
#pragma once

#include <memory>
#include <string>

#include "benchmarks/workloads.hpp"
#include "dense_layer.hpp"

namespace peers {

/// How weights lie in memory (Method has what the words mean).
struct Layout {
  bool outputs_first;
  bool padded;
};

/// One product of one layer by one library, in the best of its ways with this layout, on mote's operands.
class PeerProduct {
 public:
  PeerProduct(const Library& library, const tools::ProductBench& operands, tools::Product product,
              const Layout& layout);

  void run() { run(*layer_); }

  /// Compares the result of run() with that of operands.run(), element by element; throws a tools::Error.
  void check(const std::string& who) const;

 private:
  void run(DenseLayer& layer);

  const tools::ProductBench& operands_;
  const tools::Product product_;
  tools::FloatArray outputs_, deltas_;
  std::unique_ptr<DenseLayer> layer_;
};

}  // namespace peers
