// SPDX-License-Identifier: MIT
#include "run/html_report.hpp"

#include <algorithm>
#include <cmath>
#include <iterator>
#include <sstream>

#include "common/format.hpp"
#include "pictures/chart_svg.hpp"
#include "pictures/page.hpp"
#include "pictures/png.hpp"
#include "pictures/svg.hpp"
#include "run/diagnosis.hpp"

namespace tools {
namespace {

std::string image(const std::string& file, std::size_t rows, std::size_t columns, const std::string& label,
                  const char* style) {
  return format("<img class=\"%s\" width=\"%zu\" height=\"%zu\" alt=\"", style, columns, rows) + escape(label) +
         "\" src=\"data:image/png;base64," + base64(file) + "\"/>\n";
}

/// Draws bright pixels as black ink on a transparent ground; on dark screens the style sheet makes the ink white.
std::string pixel_image(const std::vector<std::uint8_t>& pixels, const RunRecord& record, const std::string& label) {
  constexpr std::size_t kLevels = 64;
  std::vector<Color> palette;
  for (std::size_t i = 0; i < kLevels; ++i) {
    palette.push_back({0, 0, 0, static_cast<std::uint8_t>(i * 255 / (kLevels - 1))});
  }
  std::vector<std::uint8_t> levels;
  for (const std::uint8_t pixel : pixels) levels.push_back(static_cast<std::uint8_t>(pixel / (256 / kLevels)));
  return image(png(levels, record.rows, record.columns, palette), record.rows, record.columns, label, "ink");
}

std::string headline(const RunRecord& record) {
  const mote::LossTotals& totals = record.test.totals;
  std::string entries;
  const auto add = [&](const char* name, const std::string& value) {
    entries += element("li", element("span", name, "sub") + element("b", value));
  };
  if (record.has_labels) {
    add("test accuracy", format("%.2f %%", 100.0 * static_cast<double>(totals.accuracy())));
    add("mistakes", format("%u of %u", totals.samples - totals.correct, totals.samples));
  }
  add("test loss", format("%.4f", static_cast<double>(totals.mean_loss())));
  if (!record.test.errors.empty()) {
    const mote::RegressionMetrics metrics = mote::mean_metrics({record.test.errors.data(), record.test.errors.size()});
    add("test RMSE", format("%.4g", static_cast<double>(metrics.rmse)));
    add("test R2", format("%.4f", static_cast<double>(metrics.r2)));
  }
  add("parameters fingerprint", format("%08x", record.test.fingerprint));
  return element("ul", entries, "headline");
}

/// A folded table with the numbers of every epoch.
std::string epoch_table(const RunRecord& record) {
  const bool many = record.networks.size() > 1;
  std::string rows;
  const auto cells = [&](const mote::LossTotals& totals) {
    if (totals.samples == 0) return element("td", "") + (record.has_labels ? element("td", "") : "");
    const std::string loss = element("td", format("%.4f", static_cast<double>(totals.mean_loss())));
    if (!record.has_labels) return loss;
    return loss + element("td", format("%.4f", static_cast<double>(totals.accuracy())));
  };
  for (std::size_t n = 0; n < record.networks.size(); ++n) {
    for (const EpochReport& epoch : record.networks[n]) {
      rows += element("tr", (many ? element("td", format("%zu", n + 1)) : "") +
                                element("td", format("%zu", epoch.epoch)) + cells(epoch.train) +
                                cells(epoch.validation) + element("td", format("%.2f", epoch.seconds)));
    }
  }
  std::string heads = many ? element("th", "member") : "";
  heads += element("th", "epoch");
  for (const char* samples : {"training", "validation"}) {
    heads += element("th", std::string(samples) + " loss");
    if (record.has_labels) heads += element("th", std::string(samples) + " accuracy");
  }
  const std::string head = element("thead", element("tr", heads + element("th", "seconds")));
  return element("details", element("summary", "All epochs in numbers") +
                                element("div", element("table", head + element("tbody", rows), "numbers"), "wide"));
}

std::string curves(const RunRecord& record) {
  const LineChart loss = loss_chart(record), accuracy = accuracy_chart(record);
  std::string figures = figure(to_svg(loss), loss.title);
  if (record.has_labels) figures += figure(to_svg(accuracy), accuracy.title);
  std::string ending;
  for (const std::string& line : record.ending) ending += (ending.empty() ? "" : "; ") + line;
  return section("Training", ending, element("div", figures, "charts") + epoch_table(record));
}

/// Charts of the outputs on the test rows of a table.
std::string quality(const RunRecord& record) {
  const TestOutputs& test = record.inspection.outputs;
  if (record.has_images() || test.values.empty()) return "";
  std::string figures;
  if (record.has_labels) {
    for (const LineChart& chart : ranking_charts(test, record.output_names)) {
      figures += figure(to_svg(chart), escape(chart.title));
    }
    const char* note =
        "Each class against the others, ranked by its output; AUC: area under the ROC curve; AP: average "
        "precision.";
    return figures.empty() ? "" : section("Ranking of the test rows", note, element("div", figures, "charts"));
  }
  const LineChart chart = prediction_chart(test, record.output_names);
  figures = figure(to_svg(chart), chart.title);
  std::string histograms;
  for (std::size_t j = 0; j < test.outputs; ++j) {
    Histogram histogram = residuals(test, j);
    histogram.title = "Predicted minus true value";
    const std::string name = j < record.output_names.size() ? record.output_names[j] : format("output %zu", j + 1);
    histograms += figure(to_svg(histogram), "<b>" + escape("Residuals of " + name) + "</b>");
  }
  return section(
      "Predictions on the test rows",
      "In the units of the table. A residual is the predicted less the true value; the height of a bar is the "
      "number of rows.",
      element("div", figures, "charts") + element("div", histograms, "layers"));
}

std::string speeds(const RunRecord& record) {
  if (record.diagnoses.empty()) return "";
  const LineChart chart = speed_chart(record);
  const std::vector<mote::LayerDiagnostics>& last = record.diagnoses.back();
  std::string verdicts;
  for (std::size_t l = 0, end = 0; l < last.size(); l = end) {
    while (end < last.size() && last[end].verdict == last[l].verdict) ++end;
    const std::string which = end == l + 1 ? format("layer %zu ", end) : format("layers %zu to %zu ", l + 1, end);
    verdicts += (l == 0 ? "" : ", ") + which + mote::to_string(last[l].verdict);
  }
  return section(
      "Speed of learning by layer",
      format("Norm of the gradient of the loss by the biases of a layer, on the first training %s (at most %zu), "
             "before the first epoch and after each. At the end: ",
             record.samples.c_str(), Diagnosis::kImages) +
          verdicts + ".",
      element("div", figure(to_svg(chart), escape(chart.title)), "charts"));
}

std::string layers(const RunRecord& record) {
  const Inspection& inspection = record.inspection;
  std::string figures;
  for (std::size_t l = 0; l < inspection.layers.size(); ++l) {
    const LayerResponse& layer = inspection.layers[l];
    Histogram histogram = layer.histogram;
    histogram.title = "Activations of " + layer_name(inspection, l);
    figures +=
        figure(to_svg(histogram),
               format("<b>%s</b><br/>mean %.3g, standard deviation %.3g, %.1f\u00a0%%\u00a0are\u00a00",
                      escape(layer_name(inspection, l)).c_str(), layer.mean, layer.deviation, 100.0 * layer.zeros));
  }
  return section("Responses of the layers",
                 format("Activations of all units on %zu %s %s; the height of a bar is their number. Bars leave out "
                        "activations that are exactly 0. ReLU is 0 wherever z <= 0; a unit is dead only if it is 0 for "
                        "every sample.",
                        inspection.response_samples, record.responses.c_str(), record.samples.c_str()) +
                     (record.networks.size() > 1 ? " Of the first member." : ""),
                 element("div", figures, "layers"));
}

std::string list_of(const std::vector<float>& values) {
  constexpr std::size_t kMost = 3;
  std::string text;
  for (std::size_t i = 0; i < std::min(values.size(), kMost); ++i) {
    text += (i == 0 ? "" : ", ") + format("%.3g", static_cast<double>(values[i]));
  }
  return values.size() > kMost ? text + ", \u2026" : text;
}

/// The pixels of an autoencoder's outputs.
std::vector<std::uint8_t> to_pixels(const std::vector<float>& outputs) {
  std::vector<std::uint8_t> pixels;
  for (const float output : outputs) {
    pixels.push_back(static_cast<std::uint8_t>(std::lround(255.0f * std::clamp(output, 0.0f, 1.0f))));
  }
  return pixels;
}

/// The image of a mistake, or the first numbers of its row.
std::string sample_figure(const Mistake& mistake, const RunRecord& record, const std::string& label) {
  if (!record.has_images()) return element("div", list_of(mistake.elements), "sub");
  return pixel_image(mistake.pixels, record, label);
}

std::string class_name(const RunRecord& record, std::size_t label) {
  return label < record.output_names.size() ? escape(record.output_names[label]) : format("%zu", label);
}

std::string mistake_figure(const Mistake& mistake, const RunRecord& record) {
  const std::string where = format(!record.has_images() ? "test row %zu" : "image %zu", mistake.sample);
  const std::string loss = format("loss %.3g", mistake.loss);
  if (record.has_labels) {
    const std::string what = class_name(record, mistake.label) + " as " + class_name(record, mistake.said);
    return figure(sample_figure(mistake, record, where + ": " + what),
                  element("b", what) +
                      element("div", format("output %.3f", mistake.output) + "<br/>" + loss + "<br/>" + where, "sub"));
  }
  const std::string input = sample_figure(mistake, record, where);
  if (!mistake.targets.empty()) {
    return figure(input,
                  element("b", "wanted " + list_of(mistake.targets)) +
                      element("div", "output " + list_of(mistake.outputs) + "<br/>" + loss + "<br/>" + where, "sub"));
  }
  return figure(input + pixel_image(to_pixels(mistake.outputs), record, where + " as reproduced"),
                element("div", loss + "<br/>" + where, "sub"));
}

std::string mistakes(const RunRecord& record) {
  const std::vector<Mistake>& worst = record.inspection.mistakes;
  std::string figures;
  for (const Mistake& mistake : worst) figures += mistake_figure(mistake, record);
  const std::string note = record.has_labels && worst.empty() ? "None: all test " + record.samples + " are recognized."
                           : record.has_labels
                               ? "Test " + record.samples +
                                     " that the network gets wrong, the largest loss first: label as answer, "
                                     "and the output for the answer."
                           : record.inspection.mistakes.front().targets.empty()
                               ? "The test images with the largest loss, above, and their reproductions."
                               : "The test " + record.samples + " with the largest loss.";
  return section(record.has_labels ? "Worst mistakes" : "Largest losses",
                 note + (!record.has_images() ? " Test rows are counted from 0; their first numbers stand above."
                                              : " Images are counted from 0; bright pixels are shown as ink."),
                 worst.empty() ? "" : element("div", figures, "digits"));
}

/// The magnitude drawn in full color: the 99 % quantile of the weights, so that a few large weights do not make the
/// others pale.
float full_color(const std::vector<Unit>& units) {
  std::vector<float> magnitudes;
  for (const Unit& unit : units) {
    for (const float weight : unit.weights) magnitudes.push_back(std::fabs(weight));
  }
  const auto place = magnitudes.begin() + static_cast<std::ptrdiff_t>((magnitudes.size() - 1) * 99 / 100);
  std::nth_element(magnitudes.begin(), place, magnitudes.end());
  return *place;
}

/// Mean and deviation of the training rows, by which the inputs of a table are standardized.
std::string features(const RunRecord& record) {
  if (record.scaling.empty()) return "";
  std::string rows;
  for (std::size_t f = 0; f < record.feature_names.size(); ++f) {
    rows += element("tr", element("td", escape(record.feature_names[f])) +
                              element("td", format("%.4g", static_cast<double>(record.scaling.offsets[f]))) +
                              element("td", format("%.4g", 1.0 / static_cast<double>(record.scaling.scales[f]))));
  }
  const std::string heads = element("th", "feature") + element("th", "mean") + element("th", "standard deviation");
  return section(
      "Features", "Inputs are standardized by mean and standard deviation of the training rows.",
      element("div", element("table", element("thead", element("tr", heads)) + element("tbody", rows), "numbers"),
              "wide"));
}

/// Weights of many units in one picture, eight in a row, each in a transparent frame.
std::string units(const RunRecord& record) {
  if (!record.has_images()) return features(record);
  const std::vector<Unit>& chosen = record.inspection.units;
  constexpr std::size_t kAcross = 8;
  constexpr int kZero = 127;  // of the palette's 255 colors
  const float most = full_color(chosen);
  const std::size_t across = std::min(kAcross, chosen.size()), down = (chosen.size() + across - 1) / across;
  const std::size_t tile_rows = record.rows + 2, tile_columns = record.columns + 2;
  const std::size_t rows = down * tile_rows, columns = across * tile_columns;
  std::vector<std::uint8_t> pixels(rows * columns, kZero);
  for (std::size_t u = 0; u < chosen.size(); ++u) {
    for (std::size_t i = 0; i < chosen[u].weights.size(); ++i) {
      const std::size_t row = u / across * tile_rows + 1 + i / record.columns;
      const std::size_t column = u % across * tile_columns + 1 + i % record.columns;
      const float share = most == 0.0f ? 0.0f : std::clamp(chosen[u].weights[i] / most, -1.0f, 1.0f);
      pixels[row * columns + column] = static_cast<std::uint8_t>(kZero + std::lround(share * kZero));
    }
  }
  std::vector<Color> palette;
  for (int i = 0; i <= 2 * kZero; ++i) {
    const auto opacity = static_cast<std::uint8_t>(std::abs(i - kZero) * 255 / kZero);
    palette.push_back(i < kZero ? Color{213, 94, 0, opacity} : Color{0, 114, 178, opacity});
  }
  const std::string count = counted(chosen.size(), "unit"), label = "Weights of " + count + " as images";
  return section("Weights of the first layer",
                 format("Weights into %s, the largest norms first, eight in a row. Blue is positive, orange "
                        "negative, in full color from %.2g on.",
                        count.c_str(), static_cast<double>(most)) +
                     (record.networks.size() > 1 ? " Of the first member." : ""),
                 image(png(pixels, rows, columns, palette), rows, columns, label, "sheet"));
}

/// The lines of describe_run() as a table: the first ten characters of a line are its name, or blank in a continuation.
std::string settings(const RunRecord& record) {
  constexpr std::size_t kNameWidth = 10;
  std::istringstream lines(record.settings);
  std::string rows;
  for (std::string line; std::getline(lines, line);) {
    const std::string name = line.substr(0, std::min(line.find(' '), kNameWidth));
    const std::string text = line.substr(std::min(line.size(), kNameWidth));
    rows += element("tr", "<th scope=\"row\">" + escape(name) + "</th>" + element("td", escape(text)));
  }
  return section("Settings", "", element("table", element("tbody", rows)));
}

/// " 0: setosa, 1: versicolor." for classes that have names.
std::string class_numbers(const RunRecord& record) {
  std::string names;
  for (std::size_t c = 0; c < record.output_names.size(); ++c) {
    names += (c == 0 ? " " : ", ") + format("%zu: ", c) + record.output_names[c];
  }
  return names.empty() ? "" : names + ".";
}

}  // namespace

std::string html_report(const RunRecord& record) {
  std::string body;
  if (!record.test.divergence.empty()) body += element("p", escape(record.test.divergence), "alert");
  body += headline(record) + curves(record) + speeds(record);
  if (!record.test.confusion.empty()) {
    const std::size_t classes = static_cast<std::size_t>(std::lround(std::sqrt(record.test.confusion.size())));
    body += section("Confusion matrix",
                    "Test " + record.samples + ": a row for each label, and at its end the percentage recognized." +
                        class_numbers(record),
                    element("div", confusion_svg(record.test.confusion, classes), "square"));
  }
  body += quality(record) + mistakes(record) + layers(record) + units(record) + settings(record);
  return html_page("Training report", record.command, body);
}

}  // namespace tools
