// SPDX-License-Identifier: MIT
#include "model_metadata.hpp"

#include "mote/activation.hpp"
#include "mote/loss.hpp"

namespace mote::detail {
namespace {

/// Text of the metadata, taken from its front.
class Text {
 public:
  explicit Text(Bytes text) : text_(text) {}
  bool is_empty() const { return text_.empty(); }
  bool take(char c) {
    if (text_.empty() || text_[0] != static_cast<unsigned char>(c)) return false;
    skip(1);
    return true;
  }
  /// What is before the next comma.
  Bytes take_item() {
    std::size_t size = 0;
    while (size < text_.size() && text_[size] != ',') ++size;
    const Bytes item = text_.subspan(0, size);
    skip(size);
    return item;
  }
  /// A digit to this base, or `base` if there is none.
  std::uint32_t take_digit(std::uint32_t base) {
    if (text_.empty()) return base;
    const std::uint32_t c = text_[0], lower = c | 0x20;
    const std::uint32_t digit = c >= '0' && c <= '9' ? c - '0' : lower >= 'a' && lower <= 'f' ? lower - 'a' + 10 : base;
    if (digit < base) skip(1);
    return digit < base ? digit : base;
  }

 private:
  void skip(std::size_t count) { text_ = text_.subspan(count, text_.size() - count); }
  Bytes text_;
};

/// Numbers with commas between them, each less than 2^32, handed to f.
template <typename F>
bool for_each_number(Bytes list, F f) {
  Text text(list);
  do {
    std::uint64_t number = 0;
    std::size_t digits = 0;
    for (std::uint32_t digit; (digit = text.take_digit(10)) != 10; ++digits) {
      number = 10 * number + digit;
      if (number > 0xffffffffu) return false;
    }
    if (digits == 0 || !f(static_cast<std::uint32_t>(number))) return false;
  } while (text.take(','));
  return text.is_empty();
}

bool is_text(Bytes raw, const char* name) {
  std::size_t i = 0;
  while (i < raw.size() && name[i] != '\0' && raw[i] == static_cast<unsigned char>(name[i])) ++i;
  return i == raw.size() && name[i] == '\0';
}

template <typename Enum>
bool find_name(Bytes raw, Enum& value) {
  for (std::uint8_t i = 0; name_of(static_cast<Enum>(i)) != nullptr; ++i) {
    if (!is_text(raw, name_of(static_cast<Enum>(i)))) continue;
    value = static_cast<Enum>(i);
    return true;
  }
  return false;
}

/// 8 hexadecimal digits.
bool read_crc(Bytes raw, std::uint32_t& crc) {
  if (raw.size() != 8) return false;
  Text text(raw);
  crc = 0;
  for (int i = 0; i < 8; ++i) {
    const std::uint32_t digit = text.take_digit(16);
    if (digit == 16) return false;
    crc = crc << 4 | digit;
  }
  return true;
}

/// "0x1.8p-3": what C's %a and Python's float.hex() write of numbers that are not negative, rounded to a float.
bool read_float(Bytes raw, float& x) {
  Text text(raw);
  if (!text.take('0') || !text.take('x')) return false;
  std::uint64_t mantissa = 0;
  int digits = 0, exponent = 0;
  bool has_point = false;
  for (;;) {
    if (!has_point && text.take('.')) {
      has_point = true;
      continue;
    }
    const std::uint32_t digit = text.take_digit(16);
    if (digit == 16) break;
    if (++digits > 16) return false;
    mantissa = mantissa << 4 | digit;
    if (has_point) exponent -= 4;
  }
  if (digits == 0 || !text.take('p')) return false;
  const bool is_negative = text.take('-');
  if (!is_negative) static_cast<void>(text.take('+'));
  int power = 0, power_digits = 0;
  for (std::uint32_t digit; (digit = text.take_digit(10)) != 10; ++power_digits) {
    if (power_digits == 3) return false;
    power = 10 * power + static_cast<int>(digit);
  }
  if (power_digits == 0 || !text.is_empty()) return false;
  exponent += is_negative ? -power : power;
  x = static_cast<float>(mantissa);
  for (; exponent > 0; --exponent) x *= 2.0f;
  for (; exponent < 0; ++exponent) x *= 0.5f;
  return is_finite(x);
}

Result wrong(const MetadataValue& value) {
  return {Status::model_value, value.at};
}

Result read_sizes(const MetadataValue& value, Topology& topology) {
  Result result;
  bool is_first = true;
  const bool is_list = for_each_number(value.raw, [&](std::uint32_t size) {
    if (is_first) {
      topology.inputs = size;
    } else if (result.ok()) {
      result = topology.add({size});
    }
    is_first = false;
    return true;
  });
  return is_list ? result : wrong(value);
}

Result read_activations(const MetadataValue& value, Topology& topology) {
  Text names(value.raw);
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    if (l != 0 && !names.take(',')) return wrong(value);
    if (!find_name(names.take_item(), topology.layers[l].activation)) return wrong(value);
  }
  return names.is_empty() ? Result(Status::ok) : wrong(value);
}

Result read_batch_norm(const MetadataValue& value, Topology& topology) {
  if (!value.is_there) return Status::ok;
  const bool is_list = for_each_number(value.raw, [&](std::uint32_t layer) {
    if (layer >= topology.layer_count || topology.layers[layer].batch_norm) return false;
    return topology.layers[layer].batch_norm = true;
  });
  return is_list ? Result(Status::ok) : wrong(value);
}

Result read_fraction(const MetadataValue& value, float& x) {
  return !value.is_there || read_float(value.raw, x) ? Result(Status::ok) : wrong(value);
}

Result read_loss(const MetadataValue (&values)[kMetadataKeys], ModelDescription& model) {
  if (!values[kLoss].is_there) return Status::model_no_loss;
  if (!find_name(values[kLoss].raw, model.loss.kind)) return wrong(values[kLoss]);
  if (const Result result = read_fraction(values[kHuberDelta], model.loss.huber_delta); !result.ok()) return result;
  if (const Result result = read_fraction(values[kLabelSmoothing], model.loss.label_smoothing); !result.ok()) {
    return result;
  }
  return check(model.loss, model.topology.output_activation());
}

Result read_inputs(const MetadataValue (&values)[kMetadataKeys], ModelDescription& model) {
  if (const Result result = read_fraction(values[kInputScale], model.input_scale); !result.ok()) return result;
  if (!is_input_scale(model.input_scale)) return wrong(values[kInputScale]);
  if (!values[kInputShape].is_there) return Status::ok;
  std::uint32_t shape[2] = {}, count = 0;
  const bool is_list = for_each_number(values[kInputShape].raw, [&](std::uint32_t size) {
    if (count < 2) shape[count] = size;
    return ++count <= 2 && size != 0;
  });
  model.rows = shape[0], model.columns = shape[1];
  return is_list && count == 2 && is_input_shape(model) ? Result(Status::ok) : wrong(values[kInputShape]);
}

Result read_stated_crc(const MetadataValue& value, StatedCrc& crc) {
  crc.is_there = value.is_there;
  crc.at = value.at + 1;  // behind the quote
  return !value.is_there || read_crc(value.raw, crc.value) ? Result(Status::ok) : wrong(value);
}

}  // namespace

Result read_metadata(const MetadataValue (&values)[kMetadataKeys], ModelDescription& model, StatedCrc& fingerprint,
                     StatedCrc& checksum) {
  if (!values[kSizes].is_there) return Status::model_no_sizes;
  if (!values[kActivations].is_there) return Status::model_no_activations;
  if (const Result result = read_sizes(values[kSizes], model.topology); !result.ok()) return result;
  if (const Result result = read_activations(values[kActivations], model.topology); !result.ok()) return result;
  if (const Result result = read_batch_norm(values[kBatchNorm], model.topology); !result.ok()) return result;
  if (const Result result = check(model.topology); !result.ok()) return result;
  if (const Result result = read_loss(values, model); !result.ok()) return result;
  if (const Result result = read_inputs(values, model); !result.ok()) return result;
  model.class_names = values[kClassNames].raw;
  if (const Result result = read_stated_crc(values[kFingerprint], fingerprint); !result.ok()) return result;
  return read_stated_crc(values[kChecksum], checksum);
}

Result check_class_names(const ModelDescription& model) {
  if (model.class_names.empty()) return Status::ok;
  std::size_t names = 1;
  for (const unsigned char byte : model.class_names) names += byte == '\n' ? 1 : 0;
  if (names != model.topology.outputs()) return {Status::model_class_names, names, model.topology.outputs()};
  return Status::ok;
}

}  // namespace mote::detail
