// SPDX-License-Identifier: MIT
#include "run/run_record.hpp"

#include <algorithm>
#include <cstdio>

#include "common/names.hpp"

namespace tools {
namespace {

using Measure = float (mote::LossTotals::*)() const;
using Samples = mote::LossTotals EpochReport::*;

/// `measure` of `samples` by epoch, averaged over the networks that reached the epoch.
Series by_epoch(const RunRecord& record, const char* name, Samples samples, Measure measure) {
  Series series{name, {}};
  std::size_t epochs = 0;
  for (const std::vector<EpochReport>& network : record.networks) epochs = std::max(epochs, network.size());
  for (std::size_t epoch = 0; epoch < epochs; ++epoch) {
    double sum = 0.0, count = 0.0;
    for (const std::vector<EpochReport>& network : record.networks) {
      if (epoch >= network.size() || (network[epoch].*samples).samples == 0) continue;
      sum += static_cast<double>((network[epoch].*samples.*measure)());
      count += 1.0;
    }
    if (count > 0.0) series.points.push_back({static_cast<double>(epoch + 1), sum / count});
  }
  return series;
}

LineChart epoch_chart(const RunRecord& record, const char* title, const char* quantity, Measure measure) {
  LineChart chart;
  chart.title = title;
  if (record.networks.size() > 1) chart.title += ", mean of the members";
  chart.x_name = "epoch";
  chart.y_name = quantity;
  for (const Series& series : {by_epoch(record, "training", &EpochReport::train, measure),
                               by_epoch(record, "validation", &EpochReport::validation, measure)}) {
    if (!series.points.empty()) chart.series.push_back(series);
  }
  if (record.kept_epoch != 0) {
    chart.mark = static_cast<double>(record.kept_epoch);
    chart.mark_name = "kept";
  }
  return chart;
}

}  // namespace

LineChart loss_chart(const RunRecord& record) {
  return epoch_chart(record, "Loss", "mean loss", &mote::LossTotals::mean_loss);
}

LineChart accuracy_chart(const RunRecord& record) {
  LineChart chart = epoch_chart(record, "Accuracy", "share recognized", &mote::LossTotals::accuracy);
  chart.lowest = 0.0;
  chart.highest = 1.0;
  return chart;
}

LineChart speed_chart(const RunRecord& record) {
  LineChart chart;
  chart.title = "Speed of learning, |dC/db|";
  chart.x_name = "epoch";
  chart.y_name = "|dC/db|";
  chart.logarithmic = true;
  const std::size_t layers = record.diagnoses.empty() ? 0 : record.diagnoses.front().size();
  for (std::size_t l = 0; l < layers; ++l) {
    chart.series.push_back({"layer " + std::to_string(l + 1), {}});
    for (std::size_t epoch = 0; epoch < record.diagnoses.size(); ++epoch) {
      const double speed = static_cast<double>(record.diagnoses[epoch][l].bias_gradient);
      chart.series.back().points.push_back({static_cast<double>(epoch), speed});
    }
  }
  return chart;
}

std::string layer_name(const Inspection& inspection, std::size_t layer) {
  return "layer " + std::to_string(layer + 1) + ", " +
         std::string(name_of(kActivations, inspection.layers[layer].activation));
}

std::string plot_run(const RunRecord& record, const TerminalStyle& style) {
  std::string text = "\n" + to_text(loss_chart(record), style);
  if (record.has_labels) text += "\n" + to_text(accuracy_chart(record), style);
  if (!record.diagnoses.empty()) text += "\n" + to_text(speed_chart(record), style);
  const Inspection& inspection = record.inspection;
  if (inspection.layers.empty()) return text;
  text += "\nActivations that are not 0, on " + std::to_string(inspection.response_samples) + " " + record.responses +
          " " + record.samples + "\n";
  std::size_t width = 0;
  for (std::size_t l = 0; l < inspection.layers.size(); ++l) width = std::max(width, layer_name(inspection, l).size());
  for (std::size_t l = 0; l < inspection.layers.size(); ++l) {
    const LayerResponse& layer = inspection.layers[l];
    const std::string name = layer_name(inspection, l);
    char numbers[96];
    std::snprintf(numbers, sizeof numbers, "%.3g to %.3g, %.0f %% are 0",
                  rounded_end(layer.histogram, layer.histogram.low), rounded_end(layer.histogram, layer.histogram.high),
                  100.0 * layer.zeros);
    text += name + std::string(width - name.size(), ' ') + "  \u2595" + bars(layer.histogram, 20) + "\u258f " +
            numbers + "\n";
  }
  return text;
}

}  // namespace tools
