// SPDX-License-Identifier: MIT
#include "race.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace peers {
namespace {

/// Samples that a contender makes in each turn; the best counts, because what interrupts it can only add.
constexpr int kSamplesPerTurn = 5;

/// Decides how much is done in each turn.
void calibrate(Contender& contender) {
  if (contender.calls != 0) {
    contender.samples = 1;
    return;
  }
  contender.calls = tools::calls_lasting(tools::kSampleSeconds, contender.run);
  contender.samples = kSamplesPerTurn;
}

double take_turn(const Contender& contender) {
  if (contender.prepare) contender.prepare();
  double best = std::numeric_limits<double>::infinity();
  for (int sample = 0; sample < contender.samples; ++sample) {
    best = std::min(best, tools::seconds_of(contender.run, contender.calls) / static_cast<double>(contender.calls));
  }
  return best;
}

double median_ratio(const std::vector<double>& numerators, const std::vector<double>& denominators) {
  std::vector<double> ratios;
  for (std::size_t i = 0; i < numerators.size(); ++i) ratios.push_back(numerators[i] / denominators[i]);
  return tools::summarize(ratios).median;
}

}  // namespace

RaceResult race(std::vector<Contender> contenders, std::size_t rounds) {
  for (Contender& contender : contenders) calibrate(contender);
  std::vector<std::vector<double>> seconds(contenders.size());
  for (std::size_t round = 0; round < rounds; ++round) {
    for (std::size_t turn = 0; turn < contenders.size(); ++turn) {
      const std::size_t i = (round + turn) % contenders.size();  // nobody always runs after the same neighbour's heat
      seconds[i].push_back(take_turn(contenders[i]));
    }
  }
  RaceResult result;
  for (std::size_t i = 0; i < contenders.size(); ++i) {
    result.seconds.push_back(tools::summarize(seconds[i]).median);
    result.ratios.push_back(median_ratio(seconds[0], seconds[i]));
    if (i > 0 && (result.best == 0 || result.seconds[i] < result.seconds[result.best])) result.best = i;
  }
  return result;
}

std::vector<tools::Column> time_columns(const std::vector<std::string>& names, const std::string& unit, int decimals) {
  std::vector<tools::Column> columns;
  for (const std::string& name : names) columns.push_back({name + "_" + unit, decimals});
  for (std::size_t i = 1; i < names.size(); ++i) columns.push_back({names[0] + "/" + names[i], 2});
  columns.push_back({names[0] + "/best", 2});
  return columns;
}

std::vector<double> time_values(const RaceResult& result, double unit) {
  std::vector<double> values;
  for (const double seconds : result.seconds) values.push_back(seconds / unit);
  values.insert(values.end(), result.ratios.begin() + 1, result.ratios.end());
  values.push_back(result.best == 0 ? std::nan("") : result.ratios[result.best]);
  return values;
}

}  // namespace peers
