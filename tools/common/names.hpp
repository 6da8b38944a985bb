// SPDX-License-Identifier: MIT
// Names of the library's enumerations in options.
#pragma once

#include <iterator>
#include <string>
#include <string_view>
#include <vector>

#include "common/nearest.hpp"
#include "mote/mote.hpp"

namespace tools {

template <typename Enum>
struct Named {
  std::string_view name;
  Enum value;

  constexpr Named(std::string_view n, Enum v) : name(n), value(v) {}
  /// A value with its name in model files.
  constexpr Named(Enum v) : name(mote::name_of(v)), value(v) {}
};

inline constexpr Named<mote::Activation> kActivations[] = {
    mote::Activation::identity,   mote::Activation::sigmoid,  mote::Activation::tanh,   mote::Activation::relu,
    mote::Activation::leaky_relu, mote::Activation::elu,      mote::Activation::selu,   mote::Activation::gelu,
    mote::Activation::silu,       mote::Activation::softplus, mote::Activation::softmax};
/// Number of activations for hidden layers: all but softmax, the last.
inline constexpr std::size_t kHiddenActivations = std::size(kActivations) - 1;
inline constexpr Named<mote::Loss> kLosses[] = {mote::Loss::cross_entropy, mote::Loss::sigmoid_cross_entropy,
                                                mote::Loss::quadratic, mote::Loss::mean_absolute_error,
                                                mote::Loss::huber};
inline constexpr Named<mote::WeightInit> kWeightInits[] = {{"glorot", mote::WeightInit::glorot_uniform},
                                                           {"normalized", mote::WeightInit::glorot_uniform},
                                                           {"glorot-normal", mote::WeightInit::glorot_normal},
                                                           {"he", mote::WeightInit::he_normal},
                                                           {"he-uniform", mote::WeightInit::he_uniform},
                                                           {"scaled-gaussian", mote::WeightInit::scaled_gaussian},
                                                           {"lecun-normal", mote::WeightInit::scaled_gaussian},
                                                           {"gaussian", mote::WeightInit::gaussian},
                                                           {"normal", mote::WeightInit::gaussian},
                                                           {"uniform", mote::WeightInit::uniform},
                                                           {"orthogonal", mote::WeightInit::orthogonal}};
inline constexpr Named<mote::BiasInit> kBiasInits[] = {{"zero", mote::BiasInit::zero},
                                                       {"gaussian", mote::BiasInit::gaussian}};
inline constexpr Named<mote::Monitor> kMonitors[] = {{"loss", mote::Monitor::loss},
                                                     {"accuracy", mote::Monitor::accuracy}};
inline constexpr Named<mote::InstructionSet> kInstructionSets[] = {
    {"baseline", mote::InstructionSet::baseline}, {"v3", mote::InstructionSet::v3}, {"v4", mote::InstructionSet::v4}};
/// Formats of exported headers: a mote::WeightFormat, or integers throughout.
enum class HeaderFormat { float32, float16, int8, integer, integer16 };
inline constexpr Named<HeaderFormat> kHeaderFormats[] = {{"float32", HeaderFormat::float32},
                                                         {"float16", HeaderFormat::float16},
                                                         {"int8", HeaderFormat::int8},
                                                         {"integer", HeaderFormat::integer},
                                                         {"integer16", HeaderFormat::integer16}};
inline constexpr Named<mote::Calibration> kCalibrations[] = {{"extremes", mote::Calibration::extremes},
                                                             {"percentile", mote::Calibration::percentile},
                                                             {"least-squares", mote::Calibration::least_squares}};
inline constexpr Named<mote::ScalePer> kScales[] = {{"output", mote::ScalePer::output},
                                                    {"layer", mote::ScalePer::layer}};
inline constexpr Named<mote::Optimizer> kOptimizers[] = {
    {"sgd", mote::Optimizer::sgd},           {"momentum", mote::Optimizer::momentum},
    {"nesterov", mote::Optimizer::nesterov}, {"adagrad", mote::Optimizer::adagrad},
    {"rmsprop", mote::Optimizer::rmsprop},   {"adam", mote::Optimizer::adam},
    {"adamw", mote::Optimizer::adamw},       {"nadam", mote::Optimizer::nadam}};

inline constexpr Named<mote::IdxType> kIdxTypes[] = {
    {"unsigned bytes", mote::IdxType::unsigned_byte}, {"signed bytes", mote::IdxType::signed_byte},
    {"16-bit integers", mote::IdxType::int16},        {"32-bit integers", mote::IdxType::int32},
    {"32-bit floats", mote::IdxType::float32},        {"64-bit floats", mote::IdxType::float64}};

/// The first name of a value, "?" for none.
template <typename Enum, std::size_t N>
std::string_view name_of(const Named<Enum> (&names)[N], Enum value) {
  for (const Named<Enum>& named : names) {
    if (named.value == value) return named.name;
  }
  return "?";
}

/// Sets `value` and returns true if `text` is a name, in any case, with or without hyphens and underscores.
template <typename Enum, std::size_t N>
bool find_name(const Named<Enum> (&names)[N], std::string_view text, Enum& value) {
  for (const Named<Enum>& named : names) {
    if (!same_name(named.name, text)) continue;
    value = named.value;
    return true;
  }
  return false;
}
/// Takes silu and its other name, swish.
template <std::size_t N>
bool find_name(const Named<mote::Activation> (&names)[N], std::string_view text, mote::Activation& value) {
  return find_name<mote::Activation>(names, text == mote::kSwish ? mote::name_of(mote::Activation::silu) : text, value);
}

/// "a, b or c": a list of the first `count` names.
template <typename Enum, std::size_t N>
std::string list_names(const Named<Enum> (&names)[N], std::size_t count = N) {
  std::string list;
  for (std::size_t i = 0; i < count; ++i) {
    if (i != 0) list += i + 1 == count ? " or " : ", ";
    list += names[i].name;
  }
  return list;
}

/// did_you_mean() for the first `count` names.
template <typename Enum, std::size_t N>
std::string did_you_mean(std::string_view text, const Named<Enum> (&names)[N], std::size_t count = N) {
  std::vector<std::string_view> list;
  for (std::size_t i = 0; i < count; ++i) list.push_back(names[i].name);
  return did_you_mean(text, list);
}

}  // namespace tools
