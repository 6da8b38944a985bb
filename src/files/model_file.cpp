// SPDX-License-Identifier: MIT
#include "mote/model_file.hpp"

#include "../core/bytes.hpp"
#include "../core/little_endian.hpp"
#include "json.hpp"
#include "model_header.hpp"
#include "mote/batch_norm.hpp"
#include "mote/checksum.hpp"

namespace mote {
namespace {

using detail::ByteReader;
using detail::ByteWriter;
using detail::ModelHeader;
using detail::ModelTensor;
using Kind = ModelTensor::Kind;

Result check_sizes(const Topology& topology, Span<const float> parameters, Span<const float> running) {
  if (const Result result = check_exactly(parameters, topology.parameter_count()); !result.ok()) return result;
  return check_exactly(running, running_statistics_count(topology));
}

Result check_names(Bytes text, std::size_t expected) {
  std::size_t names = 1;
  for (const unsigned char byte : text) names += byte == '\n' ? 1 : 0;
  return text.empty() || names == expected ? Result(Status::ok) : Result(Status::model_names, names, expected);
}

Result check_names(const ModelDescription& model) {
  const std::size_t outputs = model.topology.outputs();
  if (const Result result = check_names(model.class_names, outputs); !result.ok()) return result;
  if (const Result result = check_names(model.target_names, outputs); !result.ok()) return result;
  return check_names(model.feature_names, model.topology.inputs);
}

/// Calls f(index, tensor) for the tensors that the writer writes.
template <typename F>
void for_each_tensor(const ModelDescription& model, F f) {
  for (std::size_t i = 0; i < known_model_tensors(model.topology); ++i) {
    const ModelTensor tensor = detail::model_tensor(model.topology, i);
    const bool is_of_inputs = tensor.kind == Kind::input_offset || tensor.kind == Kind::input_scale;
    if (tensor.is_needed() || (is_of_inputs && !model.input_scales.empty())) f(i, tensor);
  }
}

/// Calls f(float) for the numbers of a tensor that the writer writes.
template <typename F>
void for_each_number(const ModelDescription& model, const ModelTensor& tensor, Span<const float> parameters,
                     Span<const float> running, F f) {
  if (tensor.is_needed()) return for_each_element(tensor, parameters, running, f);
  for (const float x : tensor.kind == Kind::input_offset ? model.input_offsets : model.input_scales) f(x);
}

void write_header(ByteWriter& out, const ModelDescription& model, std::uint32_t fingerprint, std::uint32_t checksum) {
  out.print("{\"__metadata__\":{");
  write_metadata(out, model, fingerprint, checksum);
  out.print("}");
  std::uint64_t offset = 0;
  for_each_tensor(model, [&](std::size_t i, const ModelTensor& tensor) {
    out.print(",\"", model_tensor_name(model.topology, i).text, "\":{\"dtype\":\"F32\",\"shape\":[", tensor.outputs);
    if (tensor.kind == Kind::weight) out.print(",", tensor.columns);
    out.print("],\"data_offsets\":[", offset, ",", offset + tensor.bytes(), "]}");
    offset += tensor.bytes();
  });
  out.print("}");
}

void write_file(ByteWriter& out, const ModelDescription& model, Span<const float> parameters, Span<const float> running,
                std::uint32_t parameters_crc, std::uint32_t checksum) {
  ByteWriter header(nullptr);
  write_header(header, model, parameters_crc, 0);
  const std::uint64_t padded = (header.size() + 7) / 8 * 8;  // the data begin at a multiple of 8
  out.word64(padded);
  write_header(out, model, parameters_crc, checksum);
  for (std::uint64_t size = header.size(); size < padded; ++size) out.print(" ");
  for_each_tensor(model, [&](std::size_t, const ModelTensor& tensor) {
    for_each_number(model, tensor, parameters, running, [&](float x) { out.float32(x); });
  });
  out.flush();
}

Result read_header(const ByteSource& file, Memory memory, ModelHeader& header) {
  constexpr std::uint64_t kBegin = detail::kModelHeaderBegin;
  unsigned char size_bytes[kBegin];
  if (file.size < kBegin) return {Status::model_truncated, file.size, kBegin};
  if (!detail::read_bytes(file, 0, size_bytes)) return Status::read_failed;
  const std::uint64_t size = detail::load64(size_bytes), room = file.size - kBegin;
  unsigned char first[1] = {'{'};
  if (room != 0 && !detail::read_bytes(file, kBegin, first)) return Status::read_failed;
  if (first[0] != '{') return {Status::model_syntax, kBegin};  // another kind of file, without a size
  if (size > room) return {Status::model_truncated, file.size, size > ~kBegin ? ~std::uint64_t{0} : kBegin + size};
  if (size > memory.size()) return {Status::memory_too_small, memory.size(), size};
  const Memory json = memory.subspan(0, static_cast<std::size_t>(size));
  if (!detail::read_bytes(file, kBegin, json)) return Status::read_failed;
  if (json.empty() || json[0] != '{') return {Status::model_syntax, kBegin};  // the format allows no space before it
  if (const Result result = parse_model_header(json, room - size, header); !result.ok()) return result;
  ModelDescription& model = header.metadata.model;
  Bytes* const all_names[] = {&model.class_names, &model.target_names, &model.feature_names};
  for (Bytes* names : all_names) {
    if (names->empty()) continue;
    unsigned char* resolved = json.data() + (names->data() - json.data());
    *names = {resolved, detail::resolve_json(*names, resolved)};
  }
  return check_names(model);
}

/// Reads the offsets and scales of the features into the memory behind the header.
Result read_transformation(const ByteSource& file, Memory memory, ModelHeader& header) {
  ModelDescription& model = header.metadata.model;
  const std::size_t inputs = model.topology.inputs;
  if (header.offset_of(Kind::input_scale) == 0) return Status::ok;
  const std::size_t padding =
      (~reinterpret_cast<std::uintptr_t>(memory.data() + header.json_bytes) + 1) % sizeof(float);
  const std::uint64_t needed = header.json_bytes + padding + 2 * sizeof(float) * std::uint64_t{inputs};
  if (needed > memory.size()) return {Status::memory_too_small, memory.size(), needed};
  auto* numbers = reinterpret_cast<float*>(memory.data() + header.json_bytes + padding);
  model.input_offsets = {numbers, inputs}, model.input_scales = {numbers + inputs, inputs};
  const std::size_t first = detail::model_tensor_index(model.topology, Kind::input_offset);
  for (std::size_t i = first; i < first + 2; ++i) {
    const ModelTensor tensor = detail::model_tensor(model.topology, i);
    ByteReader reader(file, header.offsets[i], header.offsets[i] + tensor.bytes());
    for (std::size_t k = 0; k < inputs; ++k) {
      *numbers = reader.float32();
      if (!tensor.allows(*numbers++)) return {Status::model_number, i};
    }
    if (!reader.ok()) return Status::read_failed;
  }
  return Status::ok;
}

/// Checks the CRC of the file, which is computed with '0' for each of its own 8 digits.
Result check_checksum(const ByteSource& file, const detail::StatedCrc& stated) {
  if (stated.at == 0) return Status::ok;
  std::uint32_t crc = 0;
  constexpr unsigned char kZeros[8] = {'0', '0', '0', '0', '0', '0', '0', '0'};
  if (!detail::add_crc(file, 0, stated.at, crc)) return Status::read_failed;
  crc = crc32(kZeros, crc);
  if (!detail::add_crc(file, stated.at + sizeof kZeros, file.size, crc)) return Status::read_failed;
  return crc == stated.value ? Result(Status::ok) : Result(Status::model_damaged, crc, stated.value);
}

Result check_numbers(const ByteSource& file, const ModelHeader& header) {
  const Topology& topology = header.metadata.model.topology;
  for (std::size_t i = 0; i < known_model_tensors(topology); ++i) {
    const ModelTensor tensor = detail::model_tensor(topology, i);
    if (header.offsets[i] == 0 || tensor.kind == Kind::counter) continue;
    ByteReader reader(file, header.offsets[i], header.offsets[i] + tensor.bytes());
    for (std::uint64_t e = 0; e < tensor.elements(); ++e) {
      if (!tensor.allows(reader.float32())) return {Status::model_number, i};
    }
    if (!reader.ok()) return Status::read_failed;
  }
  return Status::ok;
}

/// Subtracts the biases before a normalization from its means: z + b - mean = z - (mean - b). Returns false if one
/// becomes infinite.
bool subtract(ByteReader& biases, Span<float> means) {
  for (float& mean : means) mean -= biases.float32();
  return detail::all_finite(means);
}

Result load_numbers(const ByteSource& file, const ModelHeader& header, Span<float> parameters, Span<float> running) {
  const Topology& topology = header.metadata.model.topology;
  for (std::size_t i = 0; i < known_model_tensors(topology); ++i) {
    const ModelTensor tensor = detail::model_tensor(topology, i);
    const bool is_subtracted = tensor.kind == Kind::bias_before_norm && header.offsets[i] != 0;
    if (!tensor.is_needed() && !is_subtracted) continue;
    ByteReader reader(file, header.offsets[i], header.offsets[i] + tensor.bytes());
    if (tensor.is_needed()) {
      for_each_element(tensor, parameters, running, [&](float& x) { x = reader.float32(); });
    } else if (!subtract(reader, running.subspan(tensor.offset, tensor.outputs))) {
      return {Status::model_number, i};
    }
    if (!reader.ok()) return Status::read_failed;
  }
  const detail::StatedCrc& stated = header.metadata.fingerprint;
  if (stated.at == 0) return Status::ok;
  const std::uint32_t found = fingerprint(topology, parameters);
  return found == stated.value ? Result(Status::ok) : Result(Status::model_fingerprint, found, stated.value);
}

void clear(Span<float> span) {
  for (float& x : span) x = 0.0f;
}

}  // namespace

Result check(const ModelDescription& model) {
  if (const Result result = check(model.topology); !result.ok()) return result;
  if (const Result result = check(model.loss, model.topology.output_activation()); !result.ok()) return result;
  if (!detail::is_finite(model.input_offset)) return {Status::model_metadata, 0, detail::kInputOffset};
  if (!detail::is_input_scale(model.input_scale)) return {Status::model_metadata, 0, detail::kInputScale};
  if (!detail::is_input_shape(model)) return {Status::model_metadata, 0, detail::kInputShape};
  if (!detail::is_utf8(model.class_names)) return {Status::model_metadata, 0, detail::kClassNames};
  if (name_of(model.targets) == nullptr) return {Status::model_metadata, 0, detail::kTargets};
  if (!detail::is_utf8(model.target_names)) return {Status::model_metadata, 0, detail::kTargetNames};
  if (!detail::is_utf8(model.feature_names)) return {Status::model_metadata, 0, detail::kFeatureNames};
  const std::size_t of_each = model.input_offsets.empty() && model.input_scales.empty() ? 0 : model.topology.inputs;
  if (const Result result = check_exactly(model.input_offsets, of_each); !result.ok()) return result;
  if (const Result result = check_exactly(model.input_scales, of_each); !result.ok()) return result;
  return check_names(model);
}

Result write_model(const ModelDescription& model, Span<const float> parameters, Span<const float> running,
                   const ByteSink& sink) {
  if (const Result result = check(model); !result.ok()) return result;
  const Topology& topology = model.topology;
  if (const Result result = check_sizes(topology, parameters, running); !result.ok()) return result;
  Result numbers;
  for_each_tensor(model, [&](std::size_t i, const ModelTensor& tensor) {
    for_each_number(model, tensor, parameters, running, [&](float x) {
      if (numbers.ok() && !tensor.allows(x)) numbers = {Status::model_number, i};
    });
  });
  if (!numbers.ok()) return numbers;
  const std::uint32_t parameters_crc = fingerprint(topology, parameters);
  ByteWriter counted(nullptr), out(&sink);
  write_file(counted, model, parameters, running, parameters_crc, 0);
  write_file(out, model, parameters, running, parameters_crc, counted.crc());
  return out.ok() ? Status::ok : Status::write_failed;
}

Result read_model_description(const ByteSource& file, Memory header, ModelDescription& model) {
  ModelHeader read;
  Result result = read_header(file, header, read);
  if (result.ok()) result = read_transformation(file, header, read);
  if (result.ok()) model = read.metadata.model;
  const bool names_tensor = result.status == Status::model_tensor || result.status == Status::model_number;
  if (names_tensor) model.topology = read.metadata.model.topology;
  return result;
}

Result read_model(const ByteSource& file, Memory header, const Topology& topology, Span<float> parameters,
                  Span<float> running) {
  ModelHeader read;
  if (const Result result = read_header(file, header, read); !result.ok()) return result;
  const TopologyDifference differs = difference(read.metadata.model.topology, topology);
  if (differs.what != TopologyDifference::What::nothing) return {Status::model_differs, differs.layer};
  if (const Result result = check_sizes(topology, parameters, running); !result.ok()) return result;
  const std::size_t needed = known_answer_bytes(read);
  if (header.size() < needed) return {Status::memory_too_small, header.size(), needed};
  if (const Result result = check_checksum(file, read.metadata.checksum); !result.ok()) return result;
  if (const Result result = check_numbers(file, read); !result.ok()) return result;
  clear(parameters);
  clear(running);
  Result result = load_numbers(file, read, parameters, running);
  if (result.ok()) result = check_known_answer(file, read, parameters, running, header);
  if (!result.ok()) clear(parameters);
  return result;
}

TopologyDifference difference(const Topology& found, const Topology& expected) {
  using What = TopologyDifference::What;
  if (found.inputs != expected.inputs) return {What::inputs, 0, found.inputs, expected.inputs};
  if (found.layer_count != expected.layer_count) return {What::layer_count, 0, found.layer_count, expected.layer_count};
  for (std::size_t l = 0; l < found.layer_count; ++l) {
    const Layer &a = found.layers[l], &b = expected.layers[l];
    const auto number = [](Activation activation) { return static_cast<std::uint32_t>(activation); };
    if (a.outputs != b.outputs) return {What::outputs, l, a.outputs, b.outputs};
    if (a.activation != b.activation) return {What::activation, l, number(a.activation), number(b.activation)};
    if (a.batch_norm != b.batch_norm) return {What::batch_norm, l, a.batch_norm, b.batch_norm};
  }
  return {};
}

}  // namespace mote
