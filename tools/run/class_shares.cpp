// SPDX-License-Identifier: MIT
#include "run/class_shares.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "common/format.hpp"
#include "data/row_split.hpp"
#include "run/report.hpp"

namespace tools {
namespace {

using Sizes = std::vector<std::size_t>;

/// Samples of each class.
Sizes class_sizes(const mote::Dataset& samples) {
  Sizes sizes(samples.classes);
  for (std::size_t i = 0; i < samples.count; ++i) ++sizes[samples.labels[i]];
  return sizes;
}

/// The class that is most unevenly divided; the number of classes where all have about their share in both parts.
std::size_t uneven_class(const Sizes& all, const Sizes& held, std::size_t samples, std::size_t held_out) {
  const double share = static_cast<double>(held_out) / static_cast<double>(samples);
  std::size_t worst = all.size();
  double largest = 0.0;
  for (std::size_t c = 0; c < all.size(); ++c) {
    const double expected = share * static_cast<double>(all[c]);
    // Of a hypergeometric distribution.
    const double variance = expected * (1.0 - share) * static_cast<double>(samples - all[c]) /
                            std::max(1.0, static_cast<double>(samples) - 1.0);
    const double deviation = std::abs(static_cast<double>(held[c]) - expected);
    const bool lacks = (held[c] == 0 && expected >= 1.0) || (held[c] == all[c] && all[c] > 1);
    if (!lacks && (deviation <= 1.0 || deviation * deviation <= 36.0 * variance)) continue;
    if (deviation < largest) continue;
    largest = deviation;
    worst = c;
  }
  return worst;
}

void stratify(mote::Dataset& all, std::size_t held_out, std::uint64_t seed, mote::Memory memory) {
  const double share = static_cast<double>(held_out) / static_cast<double>(all.count);
  const RowSplit split = split_by_class({all.labels, all.count}, share, seed);
  const auto own = [&](const void* data) {
    return memory.data() + (static_cast<const unsigned char*>(data) - memory.data());
  };
  const mote::Span<const std::uint32_t> order(split.order.data(), split.order.size());
  const std::size_t bytes = all.stride * size_of(all.type);
  arrange_rows(mote::Memory(own(all.data), all.count * bytes), bytes, order);
  arrange_rows(mote::Memory(own(all.labels), all.count), 1, order);
}

/// "class 3", "classes 1, 2 and 5 more"
std::string list_of(const Sizes& classes) {
  std::vector<std::string> names;
  for (const std::size_t c : classes) names.push_back(std::to_string(c));
  return (classes.size() == 1 ? "class " : "classes ") + shortened_list(names, 10);
}

void warn_of_absent(const Sizes& training, const Sizes& validation, bool validates) {
  Sizes present, absent, not_validated;
  for (std::size_t c = 0; c < training.size(); ++c) {
    (training[c] != 0 ? present : absent).push_back(c);
    if (validates && training[c] != 0 && validation[c] == 0) not_validated.push_back(c);
  }
  if (present.size() == 1) {
    warn("all training images are of " + list_of(present) + ": there is nothing to tell apart");
  } else if (!absent.empty()) {
    const bool starts_at_1 = absent == Sizes{0};
    warn("no training images of " + list_of(absent) + (starts_at_1 ? "; labels that start at 1 leave it unused" : ""));
  }
  if (!not_validated.empty()) warn("no validation images of " + list_of(not_validated));
}

}  // namespace

std::size_t validation_count(const Settings& settings, std::size_t samples) {
  return settings.validation.value_or(std::min<std::size_t>(5000, samples / 12));
}

void spread_classes(const Settings& settings, mote::Dataset& all, mote::Memory memory) {
  const std::size_t held_out = validation_count(settings, all.count);
  if (settings.evaluate || all.labels == nullptr || held_out >= all.count) return;
  const std::size_t most = all.count - held_out;
  if (held_out != 0) {
    const Sizes sizes = class_sizes(all), held = class_sizes(all.subset(most, held_out));
    const std::size_t uneven = uneven_class(sizes, held, all.count, held_out);
    if (uneven != sizes.size()) {
      warn("--validation: the last " + std::to_string(held_out) + " training images have " +
           std::to_string(held[uneven]) + " of the " + std::to_string(sizes[uneven]) + " of class " +
           std::to_string(uneven) + "; instead, images of every class are held out, shuffled by the seed");
      stratify(all, held_out, settings.seed, memory);
    }
  }
  const std::size_t limit = settings.train_limit == 0 ? most : std::min(most, settings.train_limit);
  warn_of_absent(class_sizes(all.subset(0, limit)), class_sizes(all.subset(most, held_out)), held_out != 0);
}

}  // namespace tools
