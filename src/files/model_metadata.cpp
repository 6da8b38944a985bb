// SPDX-License-Identifier: MIT
#include "json.hpp"
#include "model_header.hpp"
#include "mote/activation.hpp"
#include "mote/detail/finite.hpp"
#include "mote/loss.hpp"
#include "mote/version.hpp"

namespace mote {
namespace detail {
namespace {

constexpr const char* kNames[kModelKeys] = {"sizes",       "activations",     "batch_norm",   "loss",
                                            "huber_delta", "label_smoothing", "input_offset", "input_scale",
                                            "input_shape", "class_names",     "target_names", "feature_names",
                                            "targets",     "fingerprint",     "checksum",     "mote_version"};

/// The first code point of a text from JsonReader::take_string(), which may be an escape.
std::uint32_t first_of(Bytes text) {
  std::size_t at = 0;
  return take_code_point(text, at);
}

// take_...(text, ...) takes a token from the front of a text, or returns false.

bool take(Bytes& text, char c) {
  std::size_t at = 0;
  if (take_code_point(text, at) != static_cast<unsigned char>(c)) return false;
  text = text.subspan(at, text.size() - at);
  return true;
}

bool take_digit(Bytes& text, std::uint32_t base, std::uint32_t& digit) {
  const std::uint32_t c = first_of(text), lower = c | 0x20;
  digit = c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : base;
  return digit < base && take(text, static_cast<char>(c));
}

bool take_number(Bytes& text, std::uint32_t most, std::uint32_t& number) {
  std::uint64_t value = 0;
  std::uint32_t digit;
  const std::size_t size = text.size();
  while (value <= most && take_digit(text, 10, digit)) value = 10 * value + digit;
  number = static_cast<std::uint32_t>(value);
  return text.size() != size && value <= most;
}

/// Takes a name, up to a comma or the end of the text.
bool take_word(Bytes& text, const char* name) {
  Bytes rest = text;
  while (*name != '\0' && take(rest, *name)) ++name;
  if (*name != '\0' || !(rest.empty() || first_of(rest) == ',')) return false;
  text = rest;
  return true;
}

/// Takes the name of an enumerator.
template <typename Enum>
bool take_name(Bytes& text, Enum& value) {
  for (std::uint8_t i = 0; name_of(static_cast<Enum>(i)) != nullptr; ++i) {
    value = static_cast<Enum>(i);
    if (take_word(text, name_of(value))) return true;
  }
  return false;
}

/// Reads numbers below 2^32 separated by commas. Calls f for each; f returns false to reject it.
template <typename F>
bool read_list(Bytes text, F f) {
  do {
    std::uint32_t number;
    if (!take_number(text, ~std::uint32_t{0}, number) || !f(number)) return false;
  } while (take(text, ','));
  return text.empty();
}

bool read_activations(Bytes text, Topology& topology) {
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    if (l != 0 && !take(text, ',')) return false;
    Activation& activation = topology.layers[l].activation;
    if (take_word(text, kSwish)) {
      activation = Activation::silu;
    } else if (!take_name(text, activation)) {
      return false;
    }
  }
  return text.empty();
}

bool read_batch_norm(Bytes text, Topology& topology) {
  return read_list(text, [&](std::uint32_t layer) {
    if (layer >= topology.layer_count || topology.layers[layer].batch_norm) return false;
    return topology.layers[layer].batch_norm = true;
  });
}

bool read_input_shape(Bytes text, ModelDescription& model) {
  std::uint32_t shape[2] = {}, count = 0;
  const bool is_list = read_list(text, [&](std::uint32_t size) {
    if (count < 2) shape[count] = size;
    return ++count <= 2 && size != 0;
  });
  model.rows = shape[0], model.columns = shape[1];
  return is_list && is_input_shape(model);
}

/// Reads 8 hexadecimal digits.
bool read_crc(Bytes text, std::uint32_t& crc) {
  if (text.size() != 8) return false;
  crc = 0;
  for (std::uint32_t digit; take_digit(text, 16, digit);) crc = crc << 4 | digit;
  return text.empty();
}

/// Reads a fraction: hexadecimal such as "0x1.8p-3" (C's %a, Python's float.hex()), rounded to float; or decimal such
/// as "0.1875" and "1e-3", within 2^-50 of it, then rounded to float. Takes 16 or 19 digits after leading zeros.
bool read_fraction(Bytes text, float& x) {
  const bool is_below_zero = take(text, '-');
  Bytes after_zero = text;
  const bool is_hexadecimal = take(after_zero, '0') && take(after_zero, 'x');
  if (is_hexadecimal) text = after_zero;
  const std::uint32_t base = is_hexadecimal ? 16 : 10;
  std::uint64_t mantissa = 0;
  int digits = 0, exponent = 0;
  bool has_point = false, has_digit = false;
  for (std::uint32_t digit;;) {
    if (take_digit(text, base, digit)) {
      has_digit = true;
      digits += mantissa != 0 || digit != 0 ? 1 : 0;
      if (digits > (is_hexadecimal ? 16 : 19)) return false;
      mantissa = mantissa * base + digit;
      exponent -= has_point ? (is_hexadecimal ? 4 : 1) : 0;
    } else if (!has_point && take(text, '.')) {
      has_point = true;
    } else {
      break;
    }
  }
  const bool has_power = is_hexadecimal ? take(text, 'p') : take(text, 'e') || take(text, 'E');
  if (!has_digit || (is_hexadecimal && !has_power)) return false;
  if (has_power) {
    const bool is_negative = take(text, '-');
    if (!is_negative) static_cast<void>(take(text, '+'));
    std::uint32_t power;
    if (!take_number(text, 999, power)) return false;
    exponent += is_negative ? -static_cast<int>(power) : static_cast<int>(power);
  }
  if (!text.empty()) return false;
  if (is_hexadecimal) {
    x = static_cast<float>(mantissa);
    for (; exponent > 0; --exponent) x *= 2.0f;
    for (; exponent < 0; ++exponent) x *= 0.5f;
  } else {
    auto value = static_cast<double>(mantissa);
    for (; exponent > 0 && value < 1e300; --exponent) value *= 10.0;
    for (; exponent < 0; ++exponent) value /= 10.0;
    if (value > 3.4028235677973366e38) return false;  // rounds to infinity
    x = static_cast<float>(value);
  }
  if (is_below_zero) x = -x;
  return is_finite(x);
}

/// Reads the value of any key but kSizes.
bool read_value(std::size_t key, const MetadataValue& value, ModelMetadata& metadata) {
  ModelDescription& model = metadata.model;
  Bytes text = value.raw;
  switch (key) {
    case kActivations: return read_activations(text, model.topology);
    case kBatchNorm: return read_batch_norm(text, model.topology);
    case kLoss: return take_name(text, model.loss.kind) && text.empty();
    case kHuberDelta: return read_fraction(text, model.loss.huber_delta);
    case kLabelSmoothing: return read_fraction(text, model.loss.label_smoothing);
    case kInputOffset: return read_fraction(text, model.input_offset);
    case kInputScale: return read_fraction(text, model.input_scale) && is_input_scale(model.input_scale);
    case kInputShape: return read_input_shape(text, model);
    case kClassNames: model.class_names = text; return true;
    case kTargetNames: model.target_names = text; return true;
    case kFeatureNames: model.feature_names = text; return true;
    case kTargets: return take_name(text, model.targets) && text.empty();
    case kVersion: return true;
    default: break;
  }
  StatedCrc& crc = key == kFingerprint ? metadata.fingerprint : metadata.checksum;
  crc.at = value.at + 1;  // past the quote
  return read_crc(text, crc.value);
}

/// Reads "784,256,10": inputs, then outputs of each layer.
Result read_sizes(const MetadataValue& value, Topology& topology) {
  Result result;
  bool is_first = true;
  const bool is_list = read_list(value.raw, [&](std::uint32_t size) {
    if (is_first) {
      topology.inputs = size;
    } else if (result.ok()) {
      result = topology.add({size});
    }
    is_first = false;
    return true;
  });
  return is_list ? result : Result(Status::model_metadata, value.at, kSizes);
}

}  // namespace

Result read_metadata(const MetadataValue (&values)[kModelKeys], ModelMetadata& metadata) {
  for (std::size_t key = 0; key < kModelKeys; ++key) {
    const MetadataValue& value = values[key];
    const bool is_required = key == kSizes || key == kActivations || key == kLoss;
    if (value.at == 0 && !is_required) continue;
    if (value.at != 0 && key == kSizes) {
      if (const Result result = read_sizes(value, metadata.model.topology); !result.ok()) return result;
    } else if (value.at == 0 || !read_value(key, value, metadata)) {
      return {Status::model_metadata, value.at, key};
    }
  }
  // The writer states both sums: a damaged name must not switch the checksum off.
  const bool is_written_here = values[kVersion].at != 0 && metadata.fingerprint.at != 0;
  if (is_written_here && metadata.checksum.at == 0) return {Status::model_metadata, 0, kChecksum};
  if (const Result result = check(metadata.model.topology); !result.ok()) return result;
  return check(metadata.model.loss, metadata.model.topology.output_activation());
}

void write_metadata(ByteWriter& out, const ModelDescription& model, std::uint32_t fingerprint, std::uint32_t checksum) {
  const Topology& topology = model.topology;
  const auto begin = [&](ModelKey key) { out.print("\",\"", kNames[key], "\":\""); };
  out.print("\"", kNames[kVersion], "\":\"", mote::kVersion);
  begin(kSizes);
  out.print(topology.inputs);
  for (std::size_t l = 0; l < topology.layer_count; ++l) out.print(",", topology.outputs_of(l));
  begin(kActivations);
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    out.print(l == 0 ? "" : ",", name_of(topology.layers[l].activation));
  }
  bool has_batch_norm = false;
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    if (!topology.layers[l].batch_norm) continue;
    if (!has_batch_norm) begin(kBatchNorm);
    out.print(has_batch_norm ? "," : "", l);
    has_batch_norm = true;
  }
  begin(kLoss);
  out.print(name_of(model.loss.kind));
  if (model.loss.kind == Loss::huber) begin(kHuberDelta), out.print(HexFloat{model.loss.huber_delta});
  if (model.loss.label_smoothing != 0.0f) begin(kLabelSmoothing), out.print(HexFloat{model.loss.label_smoothing});
  if (model.input_scales.empty()) {
    if (model.input_offset != 0.0f) begin(kInputOffset), out.print(HexFloat{model.input_offset});
    begin(kInputScale);
    out.print(HexFloat{model.input_scale});
  }
  if (model.rows != 0) begin(kInputShape), out.print(model.rows, ",", model.columns);
  if (!model.class_names.empty()) begin(kClassNames), out.print_escaped(model.class_names);
  if (!model.target_names.empty()) begin(kTargetNames), out.print_escaped(model.target_names);
  if (!model.feature_names.empty()) begin(kFeatureNames), out.print_escaped(model.feature_names);
  if (model.targets != ModelTargets::labels) begin(kTargets), out.print(name_of(model.targets));
  begin(kFingerprint);
  out.print(Hex{fingerprint});
  begin(kChecksum);
  out.print(Hex{checksum}, "\"");
}

bool is_input_scale(float scale) {
  return scale != 0.0f && is_finite(scale);
}

bool is_input_shape(const ModelDescription& model) {
  return (model.rows == 0 && model.columns == 0) || std::uint64_t{model.rows} * model.columns == model.topology.inputs;
}

}  // namespace detail

const char* model_metadata_name(std::size_t key) {
  return key < detail::kModelKeys ? detail::kNames[key] : nullptr;
}

}  // namespace mote
