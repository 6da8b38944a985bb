// SPDX-License-Identifier: MIT
// The loss around a network: along two random directions (Li et al. 2018), and between networks from other starts.
#include <algorithm>
#include <cmath>
#include <limits>

#include "common/error.hpp"
#include "experiments/experiments.hpp"

namespace tools {
namespace {

using Parameters = std::vector<float>;

/// A random direction in which the weights into each unit have the norm of the network's own; 0 for biases.
Parameters filter_normalized(const mote::Topology& topology, const Parameters& network, std::uint64_t seed) {
  mote::Random random(seed, mote::Stream::initialization);
  Parameters direction(network.size(), 0.0f);
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const std::size_t first = topology.weights_offset(l), stride = topology.stride_of(l);
    for (std::size_t j = 0; j < topology.outputs_of(l); ++j) {
      double own = 0.0, drawn = 0.0;
      for (std::size_t i = 0; i < topology.inputs_of(l); ++i) {
        const std::size_t at = first + i * stride + j;
        direction[at] = random.gaussian();
        own += static_cast<double>(network[at]) * static_cast<double>(network[at]);
        drawn += static_cast<double>(direction[at]) * static_cast<double>(direction[at]);
      }
      const float factor = static_cast<float>(std::sqrt(own / drawn));
      for (std::size_t i = 0; i < topology.inputs_of(l); ++i) direction[first + i * stride + j] *= factor;
    }
  }
  return direction;
}

/// Trains and measures networks of one topology on one set of images.
class Landscape {
 public:
  Landscape(const Laboratory& laboratory, const mote::Topology& topology, const mote::Dataset& images)
      : laboratory_(laboratory), topology_(topology), images_(images) {}

  Parameters network(std::uint64_t seed, std::size_t epochs) const {
    mote::TrainingOptions options;
    options.optimizer = {mote::Optimizer::adam, 0.003f};
    options.seed = seed;
    Subject subject(laboratory_, topology_, options, images_.count, kGlorotStart);
    train_or_throw(subject, images_, epochs);
    const mote::Span<const float> parameters = subject.trainer.parameters();
    return {parameters.begin(), parameters.end()};
  }

  /// Loss at center + x a + y b.
  double loss(const Parameters& center, const Parameters& a, double x, const Parameters& b, double y) const {
    Parameters point = center;
    for (std::size_t i = 0; i < point.size(); ++i) {
      point[i] += static_cast<float>(x) * a[i] + static_cast<float>(y) * b[i];
    }
    mote::LossTotals totals;
    require(mote::evaluate(topology_, {point.data(), point.size()}, mote::Loss::cross_entropy, images_,
                           laboratory_.memory, totals));
    return static_cast<double>(totals.mean_loss());
  }

 private:
  const Laboratory& laboratory_;
  mote::Topology topology_;
  mote::Dataset images_;
};

/// Values on a square grid over [-1, 1] x [-1, 1].
struct Grid {
  std::size_t points;
  std::vector<double> values;  // [y][x]

  double place(std::size_t i) const { return 2.0 * static_cast<double>(i) / static_cast<double>(points - 1) - 1.0; }
  double at(std::size_t x, std::size_t y) const { return values[y * points + x]; }
};

/// The line of one value through the grid: in each cell, straight pieces between the edges that it crosses.
Series contour(const Grid& grid, double level) {
  Series series{format("loss %.2g", level), {}};
  for (std::size_t y = 0; y + 1 < grid.points; ++y) {
    for (std::size_t x = 0; x + 1 < grid.points; ++x) {
      const std::size_t corners[5][2] = {{x, y}, {x + 1, y}, {x + 1, y + 1}, {x, y + 1}, {x, y}};
      std::vector<Point> crossings;
      for (std::size_t c = 0; c < 4; ++c) {
        const auto& [x1, y1] = corners[c];
        const auto& [x2, y2] = corners[c + 1];
        const double from = grid.at(x1, y1) - level, to = grid.at(x2, y2) - level;
        if ((from < 0.0) == (to < 0.0)) continue;
        const double share = from / (from - to);
        crossings.push_back({grid.place(x1) + share * (grid.place(x2) - grid.place(x1)),
                             grid.place(y1) + share * (grid.place(y2) - grid.place(y1))});
      }
      for (std::size_t c = 0; c + 1 < crossings.size(); c += 2) {
        series.points.insert(
            series.points.end(),
            {crossings[c], crossings[c + 1], {crossings[c].x, std::numeric_limits<double>::quiet_NaN()}});
      }
    }
  }
  return series;
}

void draw_surface(Laboratory& laboratory, const Landscape& landscape, const Parameters& center, const Parameters& a,
                  const Parameters& b) {
  Grid grid{laboratory.quick ? std::size_t{11} : std::size_t{25}, {}};
  for (std::size_t y = 0; y < grid.points; ++y) {
    laboratory.progress(format("surface, row %zu of %zu", y + 1, grid.points));
    for (std::size_t x = 0; x < grid.points; ++x) {
      grid.values.push_back(landscape.loss(center, a, grid.place(x), b, grid.place(y)));
    }
  }
  LineChart chart;
  chart.title = "Contour lines of the training loss around a trained network, along two random directions";
  chart.x_name = "first direction";
  chart.y_name = "second direction";
  chart.x_scale = Scale::linear;
  const double low = quantile(grid.values, 0.0), high = quantile(grid.values, 1.0);
  for (const double share : {0.05, 0.15, 0.35, 0.6, 0.85}) {
    chart.series.push_back(contour(grid, low + share * (high - low)));
  }
  chart.series.push_back({"trained", {{0.0, 0.0}}});
  laboratory.add(chart);
  const auto lowest = std::min_element(grid.values.begin(), grid.values.end()) - grid.values.begin();
  const std::size_t at = static_cast<std::size_t>(lowest), middle = (grid.points - 1) / 2;
  laboratory.say(
      at == middle * grid.points + middle,
      format("of the %zu points of the surface the trained network is the lowest (loss %.3f); the highest is "
             "%.2f: around it the loss rises along the two directions, as in a valley.",
             grid.values.size(), low, high));
}

}  // namespace

void measure_surface(Laboratory& laboratory) {
  constexpr int kSlice = 20;
  const mote::Dataset images = laboratory.first_images(laboratory.quick ? 200 : 500);
  const mote::Topology topology = deep_network(images, 1, 30, mote::Activation::tanh, mote::Activation::softmax);
  const mote::Topology deep = deep_network(images, 5, 30, mote::Activation::sigmoid, mote::Activation::softmax);
  const Landscape landscape(laboratory, topology, images), plateau(laboratory, deep, images);
  const Parameters trained = landscape.network(laboratory.seed, laboratory.epochs), none(trained.size(), 0.0f);
  const Parameters a = filter_normalized(topology, trained, laboratory.seed + 1);
  const Parameters b = filter_normalized(topology, trained, laboratory.seed + 2);
  draw_surface(laboratory, landscape, trained, a, b);

  Table table{
      "starts",
      format("Training loss after %zu epochs from other starts, and the highest loss on the straight way to it from "
             "the first network",
             laboratory.epochs),
      {{"loss", 4}, {"highest", 4}, {"distance", 2}},
      {}};
  LineChart ways, slices;
  ways.title = "Training loss on the straight way from the first network to networks from other starts";
  ways.x_name = "share of the way";
  slices.title = "Five sigmoid layers: training loss along a random direction, at the start and after training";
  slices.x_name = "distance";
  ways.y_name = slices.y_name = "training loss";
  ways.x_scale = slices.x_scale = Scale::linear;
  const double own = landscape.loss(trained, none, 0.0, none, 0.0);
  std::vector<double> losses = {own}, barriers;
  for (std::size_t i = 1; i < laboratory.seeds; ++i) {
    laboratory.progress(format("start %zu", i + 1));
    Parameters way = landscape.network(laboratory.seed + i, laboratory.epochs);
    double length = 0.0;
    for (std::size_t p = 0; p < way.size(); ++p) {
      way[p] -= trained[p];
      length += static_cast<double>(way[p]) * static_cast<double>(way[p]);
    }
    Series series{"start " + std::to_string(i + 1), {}};
    for (int step = 0; step <= kSlice; ++step) {
      const double x = static_cast<double>(step) / kSlice;
      series.points.push_back({x, landscape.loss(trained, way, x, none, 0.0)});
    }
    const auto top = std::max_element(series.points.begin(), series.points.end(),
                                      [](const Point& p, const Point& q) { return p.y < q.y; });
    losses.push_back(series.points.back().y);
    barriers.push_back(top->y);
    table.rows.push_back({series.name, {losses.back(), top->y, std::sqrt(length)}});
    ways.series.push_back(std::move(series));
  }
  slices.series = {{"at the start", {}}, {"after training", {}}};
  for (const std::size_t s : {0u, 1u}) {
    const Parameters network = plateau.network(laboratory.seed, s == 0 ? 0 : laboratory.epochs);
    const Parameters direction = filter_normalized(deep, network, laboratory.seed + 1), still(network.size(), 0.0f);
    for (int step = -kSlice; step <= kSlice; ++step) {
      const double x = static_cast<double>(step) / kSlice;
      slices.series[s].points.push_back({x, plateau.loss(network, direction, x, still, 0.0)});
    }
  }
  laboratory.add(table);
  laboratory.add(ways);
  laboratory.add(slices);
  const double lowest = quantile(losses, 0.0), highest = quantile(losses, 1.0), barrier = quantile(barriers, 0.0);
  laboratory.say(
      barrier > 2.0 * highest && highest < 1.5 * lowest,
      format("%zu starts end at losses of %.4f to %.4f, in different places: on the straight way from the first to "
             "each other one the loss rises to %.2f or more. Different minima, nearly equally good.",
             losses.size(), lowest, highest, barrier));
  const auto height = [](const Series& series) {
    double low = series.points[0].y, high = low;
    for (const Point& point : series.points) low = std::min(low, point.y), high = std::max(high, point.y);
    return high - low;
  };
  const double plain = height(slices.series[0]), valley = height(slices.series[1]);
  laboratory.say(plain < 0.5 * valley,
                 format("along a random direction the loss of five sigmoid layers changes by %.2f at "
                        "the start and by %.2f after training: training starts on a plateau, where "
                        "gradients are small.",
                        plain, valley));
}

}  // namespace tools
