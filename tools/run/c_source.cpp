// SPDX-License-Identifier: MIT
#include "run/c_source.hpp"

#include <algorithm>
#include <cctype>
#include <vector>

#include "common/format.hpp"
#include "run/cpp_source.hpp"

namespace tools {
namespace {

// Functions in plain C; NAME stands for the name of the network. The arithmetic is that of mote::integer_product().
constexpr const char* kFunctions = R"(
/* sum 2^shift multiplier / 2^31, or sum multiplier / 2^31 / 2^-shift; both divisions round to nearest, the first with
   ties up, the second with ties away from 0. */
static inline int32_t NAME_scaled(uint32_t sum, int32_t multiplier, int shift) {
  const int32_t raised = (int32_t)(shift > 0 ? sum << shift : sum);
  const int32_t high = (int32_t)(((int64_t)raised * multiplier + ((int64_t)1 << 30)) >> 31);
  const int right = shift > 0 ? 0 : -shift;
  const int32_t mask = (int32_t)(((uint32_t)1 << right) - 1u), rest = high & mask;
  return (high >> right) + (rest > (mask >> 1) + (high < 0 ? 1 : 0) ? 1 : 0);
}

struct NAME_layer {
  uint32_t inputs, outputs;
  const int8_t *weights; /* [outputs][inputs] */
  const int32_t *biases, *multipliers;
  const int8_t *shifts;
  const int8_t *table; /* of an activation that is no clamp, [256], or null */
  int32_t zero, least, most;
};

static inline void NAME_product(const struct NAME_layer *layer, const int8_t *x, int8_t *y) {
  const int8_t *weight = layer->weights;
  for (uint32_t j = 0; j < layer->outputs; ++j) {
    uint32_t sum = (uint32_t)layer->biases[j];
    for (uint32_t k = 0; k < layer->inputs; ++k) sum += (uint32_t)(x[k] * *weight++);
    const int32_t scaled = NAME_scaled(sum, layer->multipliers[j], layer->shifts[j]);
    const int32_t z = scaled < layer->least - layer->zero  ? layer->least
                      : scaled > layer->most - layer->zero ? layer->most
                                                           : scaled + layer->zero;
    y[j] = layer->table != 0 ? layer->table[z + 128] : (int8_t)z;
  }
}
)";

constexpr const char* kQuantize = R"(
/* Quantizes one sample as predict() takes it. x, inputs: [NUMBERS]. */
static inline void NAME_quantize(const ELEMENT *x, int8_t *inputs) {
  for (uint32_t i = 0; i < UPPER_INPUTS; ++i) {
    float q = VALUE / SCALE;
    if (!(q > -256.0f)) q = q != q ? 0.0f : -256.0f;
    if (q > 256.0f) q = 256.0f;
    const int32_t rounded = (int32_t)(q < 0.0f ? q - 0.5f : q + 0.5f) + (ZERO);
    inputs[i] = (int8_t)(rounded < -128 ? -128 : rounded > 127 ? 127 : rounded);
  }
}
)";

constexpr const char* kQuantizeBytes = R"(
/* Quantizes one sample as predict() takes it. x, inputs: [NUMBERS]. */
static inline void NAME_quantize(const ELEMENT *x, int8_t *inputs) {
  for (uint32_t i = 0; i < UPPER_INPUTS; ++i) {
    const int32_t q = x[i] + (ZERO);
    inputs[i] = (int8_t)(q < -128 ? -128 : q > 127 ? 127 : q);
  }
}
)";

constexpr const char* kUse = R"(
/* Index of the largest output, the first of equals: the class. */
static inline uint32_t NAME_argmax(const int8_t *outputs) {
  uint32_t best = 0;
  for (uint32_t j = 1; j < UPPER_OUTPUTS; ++j) best = outputs[j] > outputs[best] ? j : best;
  return best;
}

/* Whether the first test sample still has the outputs that it had on the computer: flash and compiler are in order. */
static inline int NAME_check(void) {
  int8_t outputs[UPPER_OUTPUTS];
  NAME_predict(NAME_golden_inputs, outputs);
  for (uint32_t j = 0; j < UPPER_OUTPUTS; ++j) {
    if (outputs[j] != NAME_golden_outputs[j]) return 0;
  }
  return 1;
}
)";

void replace(std::string& text, const std::string& from, const std::string& to) {
  for (std::size_t at = 0; (at = text.find(from, at)) != std::string::npos; at += to.size()) {
    text.replace(at, from.size(), to);
  }
}

template <typename T>
std::string c_array(const char* type, const std::string& name, const T* values, std::size_t count) {
  return std::string("static const ") + type + " NAME_" + name + "[] = {\n" + list(values, count) + "};\n";
}

/// The numbers of floats, as C sources have them: 1.0f for the number 1.
std::string value_text(const mote::Inputs& inputs) {
  const std::string x = inputs.type == mote::ElementType::float32 ? "x[i]" : "(float)x[i]";
  if (inputs.scales != nullptr) return "((" + x + " - NAME_offsets[i]) * NAME_scales[i])";
  const std::string offset = inputs.offset == 0.0f ? x : "(" + x + " - (" + number(inputs.offset) + "))";
  return inputs.scale == 1.0f ? offset : "(" + offset + " * " + number(inputs.scale) + ")";
}

const char* c_type(mote::ElementType type) {
  switch (type) {
    case mote::ElementType::uint8: return "uint8_t";
    case mote::ElementType::int8: return "int8_t";
    case mote::ElementType::int16: return "int16_t";
    case mote::ElementType::float32: break;
  }
  return "float";
}

/// Whether mote::quantize() adds the zero of `to` to bytes, in integers; its tolerance.
bool are_units(const mote::Inputs& inputs, mote::Quantization to) {
  return mote::size_of(inputs.type) == 1 && inputs.keeps_zeros() && inputs.scales == nullptr &&
         inputs.scale / to.scale > 1.0f - 0x1p-10f && inputs.scale / to.scale < 1.0f + 0x1p-10f;
}

std::string predict_text(mote::Span<const mote::IntegerLayer> layers) {
  std::string text =
      "\n/* Computes the outputs, [UPPER_OUTPUTS], of quantized inputs, [UPPER_INPUTS]. Not for two threads at a time. "
      "*/\n"
      "static inline void NAME_predict(const int8_t *inputs, int8_t *outputs) {\n"
      "  static const struct NAME_layer layers[] = {\n";
  for (std::size_t l = 0; l < layers.size(); ++l) {
    const mote::IntegerLayer& layer = layers[l];
    const std::string of = "_" + std::to_string(l + 1), table = layer.table == nullptr ? "0" : "NAME_table" + of;
    text += format("      {%u, %u, ", layer.inputs, layer.outputs) + "NAME_weights" + of + ", NAME_biases" + of +
            ", NAME_multipliers" + of + ", NAME_shifts" + of + ", " + table + ", " + number(layer.z.zero) + ", " +
            number(layer.least) + ", " + number(layer.most) + "},\n";
  }
  std::size_t rows[2] = {1, 1};  // C has no empty arrays
  for (std::size_t l = 0; l + 1 < layers.size(); ++l)
    rows[l % 2] = std::max<std::size_t>(rows[l % 2], layers[l].outputs);
  text += "  };\n";
  if (layers.size() > 1) text += format("  static int8_t even[%zu]", rows[0]);
  if (layers.size() > 2) text += format(", odd[%zu]", rows[1]);
  if (layers.size() > 1) text += ";\n";
  const char* names[2] = {"even", "odd"};
  for (std::size_t l = 0; l < layers.size(); ++l) {
    text += format("  NAME_product(&layers[%zu], %s, %s);\n", l, l == 0 ? "inputs" : names[(l - 1) % 2],
                   l + 1 == layers.size() ? "outputs" : names[l % 2]);
  }
  return text + "}\n";
}

}  // namespace

std::string c_source(const std::string& name, const Export& what, const mote::IntegerNetwork& network) {
  const mote::IntegerModel& model = network.model();
  const mote::Inputs& test = what.test;
  std::vector<std::int8_t> inputs(test.features);
  mote::quantize(what.test.subset(0, 1), model.input, inputs.data());
  const mote::Span<const std::int8_t> outputs = network.forward(inputs.data());
  std::string comment = what.comment;
  replace(comment, "// ", "   ");
  replace(comment, "*/", "* /");  // names of columns are free text
  replace(comment, "/*", "/ *");  // compilers warn of it
  std::string upper = name;
  for (char& c : upper) c = static_cast<char>(std::toupper(static_cast<unsigned char>(c)));
  const auto named = [&](std::string text) {
    replace(text, "UPPER_", upper + "_");
    replace(text, "NAME_", name + "_");
    return text;
  };
  const std::string start =
      std::string(kCHeaderStart) +
      "\n   Needs C99 and nothing else; include it in one file:\n\n"
      "     int8_t inputs[UPPER_INPUTS], outputs[UPPER_OUTPUTS];\n"
      "     NAME_quantize(numbers, inputs);\n"
      "     NAME_predict(inputs, outputs);\n" +
      (what.test.labels != nullptr ? "     class = NAME_argmax(outputs);\n\n"
                                   : "     number = (outputs[0] - UPPER_ZERO) * UPPER_SCALE;\n\n") +
      "   An output q stands for (q - UPPER_ZERO) * UPPER_SCALE" +
      (what.topology.output_activation() == mote::Activation::softmax ? ", before the softmax.\n" : ".\n");
  std::string text = "*/\n#ifndef UPPER_H\n#define UPPER_H\n\n#include <stdint.h>\n\n" +
                     format("#define UPPER_INPUTS %zu\n#define UPPER_OUTPUTS %zu\n", test.features, outputs.size()) +
                     "#define UPPER_SCALE " + number(model.output().scale) + "\n#define UPPER_ZERO (" +
                     number(model.output().zero) + ")\n\n";
  for (std::size_t l = 0; l < model.layers.size(); ++l) {
    const mote::IntegerLayer& layer = model.layers[l];
    const std::string of = "_" + std::to_string(l + 1);
    text += c_array("int8_t", "weights" + of, layer.weights, std::size_t{layer.inputs} * layer.outputs) +
            c_array("int32_t", "biases" + of, layer.biases, layer.outputs) +
            c_array("int32_t", "multipliers" + of, layer.multipliers, layer.outputs) +
            c_array("int8_t", "shifts" + of, layer.shifts, layer.outputs);
    if (layer.table != nullptr) text += c_array("int8_t", "table" + of, layer.table, 256);
  }
  if (test.scales != nullptr) {
    text += c_array("float", "offsets", test.offsets, test.features) +
            c_array("float", "scales", test.scales, test.features);
  }
  text += "/* The first test sample, quantized, and its outputs. */\n" +
          c_array("int8_t", "golden_inputs", inputs.data(), inputs.size()) +
          c_array("int8_t", "golden_outputs", outputs.data(), outputs.size()) + kFunctions +
          predict_text(model.layers) + (are_units(test, model.input) ? kQuantizeBytes : kQuantize) + kUse +
          "\n#endif\n";
  replace(text, "VALUE", value_text(test));
  replace(text, "ELEMENT", c_type(test.type));
  replace(text, " / SCALE", " / " + number(model.input.scale));
  replace(text, "(ZERO)", "(" + number(model.input.zero) + ")");
  replace(text, "[NUMBERS]", "[UPPER_INPUTS]");
  return named(start) + comment + named(text);
}

}  // namespace tools
