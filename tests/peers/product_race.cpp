// SPDX-License-Identifier: MIT
#include "product_race.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <limits>
#include <memory>
#include <string>

#include "benchmarks/workloads.hpp"
#include "peer_product.hpp"
#include "race.hpp"

namespace peers {
namespace {

using tools::Product;
using tools::Shape;
using tools::Table;

constexpr double kGiga = 1e9;

/// The ways to keep weights that a program has to choose between, one for all products of a layer.
constexpr std::array<Layout, 4> kLayouts = {{{false, false}, {false, true}, {true, false}, {true, true}}};

/// Seconds of a product or of several, by mote and by each library with each layout.
struct Times {
  double mote = 0.0;
  std::vector<std::array<double, kLayouts.size()>> peers;  // [library][layout]

  void add(const Times& other) {
    mote += other.mote;
    peers.resize(other.peers.size());
    for (std::size_t i = 0; i < peers.size(); ++i) {
      for (std::size_t layout = 0; layout < kLayouts.size(); ++layout) peers[i][layout] += other.peers[i][layout];
    }
  }
  /// Of one library with the layout that suits it best, of all or of those that are like mote's.
  double best(std::size_t library, bool as_mote) const {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t layout = 0; layout < kLayouts.size(); ++layout) {
      if (!as_mote || !kLayouts[layout].outputs_first) least = std::min(least, peers[library][layout]);
    }
    return least;
  }
  double best_of_all(bool as_mote) const {
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t i = 0; i < peers.size(); ++i) least = std::min(least, best(i, as_mote));
    return least;
  }
};

std::string name_of(const Shape& shape, Product product) {
  return std::string(tools::kProductNames[static_cast<int>(product)]) + " " + to_string(shape);
}

// Libraries have no step that ends a product.
constexpr Product kRaced[] = {Product::forward, Product::weight_gradient, Product::backward};

Times race_product(const std::vector<Library>& libraries, std::size_t rounds, tools::ProductBench& operands,
                   Product product) {
  std::vector<Contender> contenders = {{"mote", {}, [&] { operands.run(product); }}};
  operands.run(product);
  std::vector<std::unique_ptr<PeerProduct>> peers;
  for (const Library& library : libraries) {
    for (const Layout& layout : kLayouts) {
      peers.push_back(std::make_unique<PeerProduct>(library, operands, product, layout));
      PeerProduct* peer = peers.back().get();
      peer->run();
      peer->check(library.name + ", " + name_of(operands.shape, product));
      contenders.push_back({library.name, {}, [peer] { peer->run(); }});
    }
  }
  const RaceResult result = race(contenders, rounds);
  Times times{result.seconds[0], {}};
  times.peers.resize(libraries.size());
  for (std::size_t i = 0; i < peers.size(); ++i) {
    // From the ratio within the rounds, so that a machine that changed its speed between them spoils no comparison.
    times.peers[i / kLayouts.size()][i % kLayouts.size()] = result.seconds[0] / result.ratios[i + 1];
  }
  return times;
}

tools::Row row_of(const std::string& name, double operations, const Times& times, double peak) {
  tools::Row row{name, {operations / times.mote / kGiga}};
  for (std::size_t i = 0; i < times.peers.size(); ++i) {
    row.values.push_back(operations / times.best(i, false) / kGiga);
  }
  row.values.insert(row.values.end(), {100.0 * operations / times.mote / peak, times.best_of_all(false) / times.mote,
                                       times.best_of_all(true) / times.mote});
  return row;
}

}  // namespace

Table race_products(const std::vector<Library>& libraries, std::size_t rounds, double peak) {
  Table table{"kernels",
              "Matrix products, batch x inputs x outputs: GFLOP/s, and ratios of speed, above 1 mote is faster\n"
              "best: of peers whose weights lie as suits the row; best_same_layout: [inputs][outputs], as mote's lie",
              {{"mote", 1}},
              {}};
  for (const Library& library : libraries) table.columns.push_back({library.name, 1});
  table.columns.insert(table.columns.end(), {{"mote_%_of_peak", 0}, {"mote/best", 2}, {"mote/best_same_layout", 2}});
  for (const Shape& shape : tools::kernel_shapes()) {
    tools::ProductBench operands(shape);
    Times layer;
    for (const Product product : kRaced) {
      const Times times = race_product(libraries, rounds, operands, product);
      table.rows.push_back(row_of(name_of(shape, product), shape.operations(), times, peak));
      layer.add(times);
    }
    const auto products = static_cast<double>(std::size(kRaced));
    table.rows.push_back(row_of("layer " + to_string(shape), products * shape.operations(), layer, peak));
  }
  return table;
}

}  // namespace peers
