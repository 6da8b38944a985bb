// SPDX-License-Identifier: MIT
// Means of many networks: bagging, and dropout, an ensemble in disguise.
#include <algorithm>
#include <cmath>

#include "common/error.hpp"
#include "experiments/experiments.hpp"

namespace tools {
namespace {

/// Samples in % that summed outputs, [count][classes], classify wrongly.
double percent_wrong_by(const std::vector<double>& sums, const mote::Dataset& images) {
  std::size_t wrong = 0;
  const std::ptrdiff_t classes = static_cast<std::ptrdiff_t>(images.classes);
  for (std::size_t i = 0; i < images.count; ++i) {
    const auto row = sums.begin() + static_cast<std::ptrdiff_t>(i) * classes;
    wrong += std::max_element(row, row + classes) - row != images.labels[i] ? 1 : 0;
  }
  return 100.0 * static_cast<double>(wrong) / static_cast<double>(images.count);
}

void add_to(std::vector<double>& sums, const std::vector<float>& outputs) {
  sums.resize(outputs.size());
  for (std::size_t i = 0; i < outputs.size(); ++i) sums[i] += static_cast<double>(outputs[i]);
}

/// Errors of the mean of 1 to 100 networks that dropout with rate 0.5 thins, and of the whole network.
void draw_thinned(Subject& subject, const mote::Dataset& images, LineChart& chart) {
  constexpr std::size_t kNetworks = 100;
  const mote::Topology& topology = subject.trainer.topology();
  std::vector<float> inputs(images.count * images.features), outputs(images.count * images.classes);
  require(mote::gather(images, nullptr, 0, images.count, inputs.data()));
  mote::Backpropagation engine;
  require(engine.bind(topology, images.count, subject.scratch()));
  std::vector<double> sums;
  const double whole = percent_wrong(evaluate(subject, images));
  for (std::size_t n = 1; n <= kNetworks; ++n) {
    engine.set_dropout({0.5f, mote::dropout_key(n)});
    engine.forward(subject.trainer.parameters().data(), inputs.data(), images.count);
    const mote::MatrixView z = engine.pre_activations(topology.layer_count - 1);
    for (std::size_t i = 0; i < images.count; ++i) {
      const mote::Span<const float> row = z.row(i);
      const float highest = *std::max_element(row.begin(), row.end());
      float sum = 0.0f;
      for (const float x : row) sum += std::exp(x - highest);
      for (std::size_t j = 0; j < row.size(); ++j) outputs[i * row.size() + j] = std::exp(row[j] - highest) / sum;
    }
    add_to(sums, outputs);
    const bool is_drawn = n <= 5 || n % 10 == 0;
    if (is_drawn) chart.series[0].points.push_back({static_cast<double>(n), percent_wrong_by(sums, images)});
    if (is_drawn) chart.series[1].points.push_back({static_cast<double>(n), whole});
  }
}

}  // namespace

void measure_bagging(Laboratory& laboratory) {
  const std::size_t members = laboratory.quick ? 5 : 30;
  const mote::Dataset images = laboratory.first_images(laboratory.quick ? 500 : 2000);
  const mote::Dataset validation = laboratory.last_images(kValidationImages);
  constexpr std::size_t kCounts[] = {1, 2, 3, 5, 10, 20, 30};
  Table table{"bagging", format("Validation error in %% of the mean of 1 to %zu members", members), {}, {}};
  for (const std::size_t count : kCounts) {
    if (count <= members) table.columns.push_back({std::to_string(count), 2});
  }
  table.columns.push_back({"one", 2});
  LineChart chart;
  chart.title = "Validation error in % by number of members";
  chart.x_name = "members";
  chart.y_name = "error, %";
  const struct {
    const char* name;
    bool bootstraps, varies;  // on samples drawn with replacement; in shape
  } kinds[] = {{"bootstrap samples", true, false}, {"all images", false, false}, {"all images, shapes", false, true}};
  for (const auto& kind : kinds) {
    std::vector<double> sums, errors, single;
    for (std::size_t member = 0; member < members; ++member) {
      laboratory.progress(format("%s, member %zu", kind.name, member + 1));
      constexpr std::uint32_t kWidths[] = {30, 50, 20};
      constexpr mote::Activation kShapes[] = {mote::Activation::tanh, mote::Activation::relu,
                                              mote::Activation::sigmoid};
      const std::size_t shape = kind.varies ? member % 3 : 0;
      mote::TrainingOptions options;
      options.optimizer = {mote::Optimizer::momentum, 0.03f};
      options.batch_size = 20;
      options.bootstrap = kind.bootstraps;
      options.seed = mote::derived_seed(laboratory.seed, member);
      const mote::Topology topology =
          deep_network(images, shape == 1 ? 2 : 1, kWidths[shape], kShapes[shape], mote::Activation::softmax);
      Subject subject(laboratory, topology, options, images.count, kGlorotStart);
      train_or_throw(subject, images, laboratory.epochs);
      add_to(sums, outputs_of(subject, validation));
      errors.push_back(percent_wrong_by(sums, validation));
      single.push_back(percent_wrong(evaluate(subject, validation)));
    }
    Row row{kind.name, {}};
    for (const std::size_t count : kCounts) {
      if (count <= members) row.values.push_back(errors[count - 1]);
    }
    row.values.push_back(median(single));
    table.rows.push_back(row);
    chart.series.push_back({kind.name, {}});
    for (std::size_t m = 0; m < members; ++m) {
      chart.series.back().points.push_back({static_cast<double>(m + 1), errors[m]});
    }
  }
  laboratory.add(table);
  laboratory.note(
      "one: median error of single members. Members: 784-30-10 with tanh; shapes: in turn 784-30-10 with tanh, "
      "784-50-50-10 with relu, 784-20-10 with sigmoid.");
  laboratory.add(chart);
  for (const Row& row : table.rows) {
    const double one = row.values.back(), all = row.values[row.values.size() - 2];
    laboratory.say(all < one, format("%s: %zu members have %.2f %% errors, a single one %.2f %%.", row.name.c_str(),
                                     members, all, one));
  }
}

void measure_dropout(Laboratory& laboratory) {
  constexpr std::size_t kHidden = 2;
  const mote::Dataset images = laboratory.first_images(laboratory.quick ? 300 : 1000);
  const mote::Dataset validation = laboratory.last_images(laboratory.quick ? 1000 : kValidationImages);
  const mote::Topology topology = deep_network(images, kHidden, 100, mote::Activation::relu, mote::Activation::softmax);
  constexpr float kRates[] = {0.0f, 0.1f, 0.3f, 0.5f, 0.7f, 0.9f};
  struct Case {
    std::string name;
    float rates[kHidden];
  };
  std::vector<Case> cases;
  for (const float rate : kRates) cases.push_back({format("%g", static_cast<double>(rate)), {rate, rate}});
  cases.push_back({"0.5, 0", {0.5f, 0.0f}});
  cases.push_back({"0, 0.5", {0.0f, 0.5f}});
  Table table{
      "dropout",
      format("%s, %zu images, %zu epochs: losses, and validation error in %%, by dropout rate (of layer 1, layer 2)",
             sizes_of(topology).c_str(), images.count, laboratory.epochs),
      {{"training", 4}, {"validation", 4}, {"error", 2}, {"lowest", 2}, {"highest", 2}},
      {}};
  LineChart chart, ensemble;
  chart.title = "Losses by dropout rate of the hidden layers";
  chart.x_name = "rate";
  chart.y_name = "loss";
  chart.x_scale = Scale::linear;
  chart.series = {{"training", {}}, {"validation", {}}};
  ensemble.title = "Rate 0.5: validation error in % of the mean of thinned networks, and of the whole network";
  ensemble.x_name = "networks";
  ensemble.y_name = "error, %";
  ensemble.x_scale = Scale::logarithmic;
  ensemble.series = {{"mean of thinned", {}}, {"whole", {}}};
  for (const Case& c : cases) {
    std::vector<double> training, losses, errors;
    for (std::size_t i = 0; i < laboratory.seeds; ++i) {
      laboratory.progress("rate " + c.name + format(", seed %zu", i + 1));
      mote::TrainingOptions options;
      options.optimizer = {mote::Optimizer::adam, 0.001f};
      options.batch_size = 20;
      options.layer_dropout = c.rates;
      options.seed = laboratory.seed + i;
      Subject subject(laboratory, topology, options, images.count, kHeStart);
      train_or_throw(subject, images, laboratory.epochs);
      training.push_back(static_cast<double>(evaluate(subject, images).mean_loss()));
      losses.push_back(static_cast<double>(evaluate(subject, validation).mean_loss()));
      errors.push_back(percent_wrong(evaluate(subject, validation)));
      if (c.name == "0.5" && i == 0) draw_thinned(subject, validation.subset(0, 1000), ensemble);
    }
    table.rows.push_back(
        {"rate " + c.name,
         {median(training), median(losses), median(errors), quantile(errors, 0.0), quantile(errors, 1.0)}});
    if (c.rates[0] != c.rates[1]) continue;
    for (std::size_t s = 0; s < 2; ++s) {
      chart.series[s].points.push_back({static_cast<double>(c.rates[0]), table.rows.back().values[s]});
    }
  }
  laboratory.add(table);
  laboratory.add(chart);
  laboratory.add(ensemble);
  const auto of = [&](std::size_t row) { return table.rows[row].values; };
  const auto best = std::min_element(table.rows.begin(), table.rows.begin() + 6,
                                     [](const Row& a, const Row& b) { return a.values[1] < b.values[1]; });
  laboratory.say(
      best->values[1] < of(0)[1] && best->name != "rate 0.1",
      format("%s has the lowest validation loss, %.3f (without dropout %.3f, with 0.1 %.3f): a low rate changes "
             "little. Errors are %.2f %%, without dropout %.2f %%.",
             best->name.c_str(), best->values[1], of(0)[1], of(1)[1], best->values[2], of(0)[2]));
  laboratory.say(
      of(5)[2] > best->values[2] && of(5)[0] > of(3)[0],
      format("too high a rate underfits: at 0.9 the training loss is %.3f, at 0.5 %.3f, and errors are %.2f %%.",
             of(5)[0], of(3)[0], of(5)[2]));
  const std::vector<Point>& thinned = ensemble.series[0].points;
  const double whole = ensemble.series[1].points[0].y;
  laboratory.say(
      thinned.front().y > whole && std::fabs(thinned.back().y - whole) < 0.5 * (thinned.front().y - whole),
      format("an ensemble in disguise: one thinned network has %.1f %% errors, the mean of %.0f has %.1f %%, and "
             "the whole network at once %.1f %%.",
             thinned.front().y, thinned.back().x, thinned.back().y, whole));
}

}  // namespace tools
