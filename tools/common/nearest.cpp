// SPDX-License-Identifier: MIT
#include "common/nearest.hpp"

#include <algorithm>
#include <utility>

namespace tools {
namespace {

// Names of other programs, without hyphens and underscores, and ours.
constexpr std::pair<std::string_view, std::string_view> kSynonyms[] = {{"mse", "quadratic"},
                                                                       {"bce", "sigmoid-cross-entropy"},
                                                                       {"nll", "cross-entropy"},
                                                                       {"l1", "mae"},
                                                                       {"smoothl1", "huber"},
                                                                       {"logistic", "sigmoid"},
                                                                       {"linear", "identity"},
                                                                       {"swish", "silu"},
                                                                       {"xavier", "glorot"},
                                                                       {"kaiming", "he"},
                                                                       {"wd", "--weight-decay"},
                                                                       {"units", "--hidden"},
                                                                       {"output", "--save"},
                                                                       {"out", "--save"},
                                                                       {"model", "--load"},
                                                                       {"input", "--data"},
                                                                       {"dataset", "--data"},
                                                                       {"workers", "--threads"},
                                                                       {"jobs", "--threads"},
                                                                       {"labels", "--class-names"},
                                                                       {"valsplit", "--validation"},
                                                                       {"randomseed", "--seed"},
                                                                       {"gradientclip", "--clip-norm"},
                                                                       {"verbose", "--diagnose"},
                                                                       {"numepochs", "--epochs"},
                                                                       {"iterations", "--epochs"},
                                                                       {"scheduler", "--schedule"},
                                                                       {"initializer", "--init"},
                                                                       {"device", "--isa"},
                                                                       {"lrschedule", "--schedule"}};

/// In lower case, without hyphens and underscores.
std::string plain(std::string_view text) {
  std::string letters;
  for (const char c : text) {
    if (c != '-' && c != '_') letters += c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
  }
  return letters;
}

/// The smallest number of letters to insert, delete or replace (Levenshtein).
std::size_t distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) row[j] = j;
  for (std::size_t i = 0; i < a.size(); ++i) {
    std::size_t diagonal = std::exchange(row[0], i + 1);
    for (std::size_t j = 0; j < b.size(); ++j) {
      const std::size_t replaced = diagonal + (a[i] == b[j] ? 0 : 1);
      diagonal = std::exchange(row[j + 1], std::min({replaced, row[j] + 1, row[j + 1] + 1}));
    }
  }
  return row[b.size()];
}

}  // namespace

bool same_name(std::string_view a, std::string_view b) {
  return plain(a) == plain(b);
}

std::string did_you_mean(std::string_view text, const std::vector<std::string_view>& names) {
  const std::string typed = plain(text.substr(0, 40));
  const auto answer = [](std::string_view name) { return "; did you mean " + std::string(name) + "?"; };
  for (const auto& [other, ours] : kSynonyms) {
    if (typed == other && std::find(names.begin(), names.end(), ours) != names.end()) return answer(ours);
  }
  std::string_view nearest;
  std::size_t least = 1 + std::max<std::size_t>(typed.size() / 3, 1);
  for (const std::string_view name : names) {
    const std::string letters = plain(name);
    const bool is_start = typed.size() >= 3 && letters.compare(0, typed.size(), typed) == 0;
    const std::size_t found = is_start ? 1 : distance(typed, letters);
    if (found < least && found < letters.size()) least = found, nearest = name;
  }
  return nearest.empty() ? "" : answer(nearest);
}

}  // namespace tools
