// SPDX-License-Identifier: MIT
#include "run/c_header.hpp"

#include <algorithm>
#include <cctype>
#include <cinttypes>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <vector>

#include "common/error.hpp"
#include "common/float_array.hpp"
#include "common/format.hpp"
#include "common/names.hpp"
#include "run/export_check.hpp"
#include "run/report.hpp"

namespace tools {
namespace {

constexpr const char* kHeaderStart = "// A network trained by mote, written by tools/train --export-header.";

/// Names of files that cannot be names of namespaces. First: keywords, mote and std.
constexpr std::string_view kTaken =
    " alignas alignof and and_eq asm auto bitand bitor bool break case catch char char8_t char16_t char32_t class "
    "co_await co_return co_yield compl concept const const_cast consteval constexpr constinit continue decltype "
    "default delete do double dynamic_cast else enum explicit export extern false float for friend goto if inline int "
    "long mote mutable namespace new noexcept not not_eq nullptr operator or or_eq private protected public register "
    "reinterpret_cast requires return short signed sizeof static static_assert static_cast std struct switch template "
    "this thread_local throw true try typedef typeid typename union unsigned using virtual void volatile wchar_t "
    "while xor xor_eq "
    // main, and functions of the C library.
    "abort abs acos asin atan atof atoi bsearch calloc cbrt ceil clock close cos cosh div erf erfc exit exp exp2 "
    "expm1 fabs floor fma fmod free frexp getc getenv gets hypot index isnan j0 j1 jn labs ldexp ldiv lgamma link "
    "linux log log10 log1p log2 logb lrint lround main malloc memcpy memset modf nan nearbyint open perror pow printf "
    "putc puts qsort raise rand random read realloc remainder remove rename rint round select send signal sin sinh "
    "sqrt srand strlen system tan tanh tgamma time tmpfile trunc unix write y0 y1 yn "
    // Macros of the C library, and POSIX functions that its headers declare.
    "EOF NULL accept access alarm bind chdir connect dup errno exec fork getpid kill linger listen nice pause pipe "
    "poll shutdown sleep socket stat stderr stdin stdout sync timer times truncate unlink usleep wait ";

/// The shortest decimal number that reads back as x; throws an Error for infinity and NaN.
std::string number(float x) {
  if (!std::isfinite(x)) {
    throw Error("--export-header: bias, or output for the first test sample: found " + std::to_string(x) +
                    ", expected a finite number; train with a smaller learning rate",
                kExitFailed);
  }
  char text[32];
  for (int digits = 6; digits <= 9; ++digits) {
    std::snprintf(text, sizeof text, "%.*g", digits, static_cast<double>(x));
    if (std::strtof(text, nullptr) == x) break;
  }
  std::string result = text;
  if (result.find_first_of(".e") == std::string::npos) result += ".0";
  return result + "f";
}
std::string number(std::int8_t x) {
  return std::to_string(x);
}
std::string number(std::uint8_t x) {
  return std::to_string(x);
}
std::string number(std::int16_t x) {
  return std::to_string(x);
}
std::string number(mote::Half x) {
  char text[16];
  std::snprintf(text, sizeof text, "{0x%04x}", static_cast<unsigned>(x.bits));
  return text;
}

/// "  1, 2, 3,\n" in lines of at most 120 characters.
template <typename T>
std::string list(const T* values, std::size_t count) {
  std::string text, line;
  for (std::size_t i = 0; i < count; ++i) {
    const std::string next = number(values[i]) + ",";
    if (line.size() + 1 + next.size() > 119) {
      text += " " + line + "\n";
      line.clear();
    }
    line += " " + next;
  }
  return text + " " + line + "\n";
}

template <typename T>
std::string array(const char* type, const std::string& name, const std::vector<T>& values) {
  return std::string("alignas(16) inline constexpr ") + type + " " + name + "[] = {\n" +
         list(values.data(), values.size()) + "};\n";
}

/// Weights of all layers, each layer under a comment with its number and shape.
template <typename T>
std::string weights_array(const char* type, const mote::Topology& topology, const std::vector<T>& weights) {
  std::string text = std::string("alignas(16) inline constexpr ") + type + " kWeights[] = {\n";
  const T* layer = weights.data();
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const std::size_t inputs = topology.inputs_of(l), outputs = topology.outputs_of(l);
    text +=
        "  // layer " + std::to_string(l + 1) + ": [" + std::to_string(inputs) + "][" + std::to_string(outputs) + "]\n";
    for (std::size_t k = 0; k < inputs; ++k, layer += outputs) text += list(layer, outputs);
  }
  return text + "};\n";
}

std::string enumerator(mote::Activation activation) {
  std::string name(name_of(kActivations, activation));
  for (char& c : name) c = c == '-' ? '_' : c;
  return "mote::Activation::" + name;
}

/// The initializer of a Topology: a constructor call for up to 8 layers, a lambda for more.
std::string topology_text(const mote::Topology& topology) {
  const bool few = topology.layer_count <= 8;
  std::string text =
      few ? "{" + std::to_string(topology.inputs)
          : " = [] {\n  mote::Topology topology;\n  topology.inputs = " + std::to_string(topology.inputs) + ";\n";
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    const std::string layer =
        "{" + std::to_string(topology.outputs_of(l)) + ", " + enumerator(topology.layers[l].activation) + "}";
    text += few ? ", " + layer : "  static_cast<void>(topology.add(" + layer + "));\n";
  }
  return text + (few ? "}" : "  return topology;\n}()");
}

/// The place and value of the weight that make_flash_weights() rejected.
std::string weight_of(const Export& what, const mote::Result& result) {
  auto index = static_cast<std::size_t>(result.found);
  if (result.status != mote::Status::weight_out_of_range) return "";
  std::size_t l = 0;
  for (; index >= what.topology.inputs_of(l) * what.topology.outputs_of(l); ++l) {
    index -= what.topology.inputs_of(l) * what.topology.outputs_of(l);
  }
  const std::size_t input = index / what.topology.outputs_of(l), output = index % what.topology.outputs_of(l);
  const float weight = what.parameters[what.topology.weights_offset(l) + input * what.topology.stride_of(l) + output];
  char text[96];
  std::snprintf(text, sizeof text, ": layer %zu, from its input %zu to its output %zu, is %g", l + 1, input, output,
                static_cast<double>(weight));
  return text;
}

/// A flash model with its memory.
struct OwnedModel {
  std::vector<float> floats, biases, factors;
  std::vector<mote::Half> halves;
  std::vector<std::int8_t> bytes;
  mote::FlashModel model;

  explicit OwnedModel(const Export& what) {
    const mote::Topology& t = what.topology;
    const std::size_t weights = mote::flash_weight_count(t), rows = mote::flash_row_count(t);
    biases.resize(rows);
    const mote::Span<float> b{biases.data(), rows};
    switch (what.format) {
      case mote::WeightFormat::float32:
        floats.resize(weights);
        require_weights(what,
                        mote::make_flash_weights(t, what.parameters, mote::Span<float>{floats.data(), weights}, b));
        model = {t, mote::Span<const float>{floats.data(), weights}, b};
        return;
      case mote::WeightFormat::float16:
        halves.resize(weights);
        require_weights(
            what, mote::make_flash_weights(t, what.parameters, mote::Span<mote::Half>{halves.data(), weights}, b));
        model = {t, mote::Span<const mote::Half>{halves.data(), weights}, b};
        return;
      case mote::WeightFormat::int8: break;
    }
    bytes.resize(weights);
    factors.resize(rows);
    const mote::Span<float> f{factors.data(), rows};
    require_weights(what,
                    mote::make_flash_weights(t, what.parameters, mote::Span<std::int8_t>{bytes.data(), weights}, b, f));
    model = {t, mote::Span<const std::int8_t>{bytes.data(), weights}, b, f};
  }

  static void require_weights(const Export& what, const mote::Result& result) {
    if (result.ok()) return;
    throw Error("--export-header: " + describe(result) + weight_of(what, result) +
                    "; --export-weights float32 takes any finite weight, found " +
                    std::string(name_of(kWeightFormats, what.format)),
                kExitFailed);
  }

  std::string source() const {
    const mote::Topology& t = model.topology;
    std::string text;
    if (!floats.empty()) text += weights_array("float", t, floats);
    if (!halves.empty()) text += weights_array("mote::Half", t, halves);
    if (!bytes.empty()) text += weights_array("std::int8_t", t, bytes);
    text += "// One row per layer, padded to a multiple of 16.\n" + array("float", "kBiases", biases);
    if (!factors.empty()) {
      text += "// A weight is its byte times the factor of its column.\n" + array("float", "kFactors", factors);
    }
    return text + "inline constexpr mote::FlashModel kModel{kTopology, kWeights, kBiases" +
           (factors.empty() ? "" : ", kFactors") +
           "};\nstatic_assert(kModel.checked.ok(), \"kModel.checked has the reason; for more layers define "
           "MOTE_MAX_LAYERS\");\n";
  }
  std::size_t size() const {
    return floats.size() * sizeof(float) + halves.size() * sizeof(mote::Half) + bytes.size() +
           (biases.size() + factors.size()) * sizeof(float);
  }
};

/// The name of a file, without folders and extension, as a C++ identifier.
std::string identifier_of(const std::string& path) {
  std::string name = std::filesystem::path(path).stem().string();
  for (char& c : name) c = std::isalnum(static_cast<unsigned char>(c)) != 0 ? c : '_';
  const auto next = std::unique(name.begin(), name.end(), [](char a, char b) { return a == '_' && b == '_'; });
  name.erase(next, name.end());  // C++ reserves names with two underscores in a row, and those that start with one
  const bool starts_badly = name.empty() || name[0] == '_' || std::isdigit(static_cast<unsigned char>(name[0])) != 0;
  return starts_badly || kTaken.find(" " + name + " ") != std::string_view::npos ? "model_" + name : name;
}

template <typename T>
std::string golden_elements(const char* type, const mote::Inputs& sample) {
  const auto* first = static_cast<const T*>(sample.data);
  return array(type, "kGoldenInputs", std::vector<T>(first, first + sample.features));
}

std::string golden_elements(const mote::Inputs& sample) {
  switch (sample.type) {
    case mote::ElementType::uint8: return golden_elements<std::uint8_t>("std::uint8_t", sample);
    case mote::ElementType::int8: return golden_elements<std::int8_t>("std::int8_t", sample);
    case mote::ElementType::int16: return golden_elements<std::int16_t>("std::int16_t", sample);
    case mote::ElementType::float32: break;
  }
  return golden_elements<float>("float", sample);
}

/// The transformation of the inputs, where each feature has its own.
std::string transformation_arrays(const mote::Inputs& test) {
  if (test.scales == nullptr) return "";
  const std::vector<float> offsets(test.offsets, test.offsets + test.features);
  const std::vector<float> scales(test.scales, test.scales + test.features);
  return "// The network takes (x - kOffsets[i]) * kScales[i] for the number x of feature i: give forward() a sample "
         "as\n"
         "// mote::Inputs(numbers, 1, " +
         std::to_string(test.features) + ").set_transformation(kOffsets, kScales).\n" +
         array("float", "kOffsets", offsets) + array("float", "kScales", scales);
}

/// The first arguments of the constructor of Golden.
std::string golden_view(const mote::Inputs& sample) {
  if (sample.type == mote::ElementType::uint8 && sample.offset == 0.0f) return "kGoldenInputs, " + number(sample.scale);
  if (sample.scales != nullptr) {
    return "mote::Inputs(kGoldenInputs, 1, " + std::to_string(sample.features) +
           ").set_transformation(kOffsets, kScales)";
  }
  const std::string view =
      "mote::Inputs(kGoldenInputs, 1, " + std::to_string(sample.features) + ", " + number(sample.scale) + ")";
  return sample.offset == 0.0f ? view : view + ".set_offset(" + number(sample.offset) + ")";
}

/// The text of the header.
std::string header_source(const std::string& name, const OwnedModel& owned, const Export& what,
                          const mote::FlashNetwork& network) {
  const mote::Inputs& test = what.test;
  const auto answer = network.forward(test.subset(0, 1));
  const std::vector<float> outputs(answer.begin(), answer.end());
  char checksum[16];
  std::snprintf(checksum, sizeof checksum, "0x%08" PRIx32, mote::checksum(owned.model));
  return kHeaderStart + std::string(" mote/flash_network.hpp says how to use it.\n") + what.comment +
         "#pragma once\n\n" +
         "#if __has_include(\"mote/flash_network.hpp\")\n#include \"mote/flash_network.hpp\"\n#else\n" +
         "#include \"mote.hpp\"  // written by `make dist`\n#endif\n\nnamespace " + name +
         " {\n\ninline constexpr mote::Topology kTopology" + topology_text(owned.model.topology) + ";\n" +
         owned.source() + transformation_arrays(test) +
         "\n// The first test sample and its outputs, for mote::verify().\n" + golden_elements(test) +
         array("float", "kGoldenOutputs", outputs) + "inline constexpr mote::Golden kGolden{" + golden_view(test) +
         (test.scales == nullptr ? ", " : ",\n                                      ") + "kGoldenOutputs, " +
         (mote::arithmetic_is_fused() ? "true, " : "false, ") + checksum + "};\n\n}  // namespace " + name + "\n";
}

}  // namespace

void check_header_path(const std::string& path) {
  if (std::filesystem::path(path).filename() == "mote.hpp") {  // included by every exported header
    throw Error("--export-header: " + path + ": mote.hpp is the library's header; name another file");
  }
  require_own_or_nothing("--export-header", path, kHeaderStart, "a header of this program");
}

Exported write_header(AtomicFile& file, const Export& what) {
  const OwnedModel owned(what);
  FloatArray scratch(mote::flash_network_bytes(what.topology) / sizeof(float));
  mote::FlashNetwork network;
  require(network.bind(owned.model, scratch.memory()));
  file.write(header_source(identifier_of(file.path()), owned, what, network));
  file.commit();
  const std::string weights(name_of(kWeightFormats, what.format));
  const mote::LossTotals totals = evaluate_flash(network, what.loss, what.test);
  Exported exported;
  exported.line = file.path() + ": " + std::to_string(owned.size()) + " bytes of " + weights +
                  " weights and their biases, test loss " + loss_text(totals.mean_loss());
  if (what.test.labels != nullptr) {
    exported.line +=
        format(", test accuracy %.4f (%u/%u)", static_cast<double>(totals.accuracy()), totals.correct, totals.samples);
  }
  exported.warning = export_warning(what.trained, totals, what.loss, what.test);
  if (!exported.warning.empty()) {
    exported.warning = file.path() + ": " + exported.warning + " with " + weights +
                       " weights: a large weight makes the steps of its unit's other weights coarse; --export-weights "
                       "float16 is finer";
  }
  return exported;
}

}  // namespace tools
