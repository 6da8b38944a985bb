// SPDX-License-Identifier: MIT
#include "../core/byte_writer.hpp"
#include "json.hpp"
#include "model_metadata.hpp"
#include "model_tensor.hpp"
#include "mote/activation.hpp"
#include "mote/checksum.hpp"
#include "mote/loss.hpp"
#include "mote/version.hpp"

namespace mote {
namespace {

using detail::ByteWriter;
using detail::ModelTensor;

class Writer {
 public:
  Writer(const ModelDescription& model, Span<const float> parameters, Span<const float> running)
      : model_(model), topology_(model.topology), parameters_(parameters), running_(running) {
    fingerprint_ = fingerprint(topology_, parameters_);
  }

  /// The whole file.
  void write(ByteWriter& out, std::uint32_t checksum) const {
    ByteWriter header(nullptr);
    write_header(header, 0);
    const std::uint64_t padded = (header.size() + 7) / 8 * 8;  // so that the data begin at a multiple of 8
    out.long_word(padded);
    write_header(out, checksum);
    for (std::uint64_t size = header.size(); size < padded; ++size) out.put(' ');
    for (std::size_t i = 0; i < model_tensor_count(topology_); ++i) {
      detail::for_each_element(topology_, detail::model_tensor(topology_, i), parameters_, running_,
                               [&](float x) { out.bits(x); });
    }
    out.flush();
  }

 private:
  void write_header(ByteWriter& out, std::uint32_t checksum) const {
    out.text("{\"__metadata__\":{\"mote_version\":\"");
    out.text(kVersion);
    write_network(out);
    write_inputs(out);
    out.text("\",\"fingerprint\":\"");
    out.hex(fingerprint_, 8);
    out.text("\",\"checksum\":\"");
    out.hex(checksum, 8);
    out.text("\"}");
    std::uint64_t offset = 0;
    for (std::size_t i = 0; i < model_tensor_count(topology_); ++i) {
      const ModelTensor tensor = detail::model_tensor(topology_, i);
      out.text(",\"");
      out.text(model_tensor_name(topology_, i).text);
      out.text("\":{\"dtype\":\"F32\",\"shape\":[");
      out.number(tensor.outputs);
      if (tensor.kind == ModelTensor::Kind::weight) {
        out.put(',');
        out.number(tensor.columns);
      }
      out.text("],\"data_offsets\":[");
      out.number(offset);
      out.put(',');
      out.number(offset += tensor.elements() * sizeof(float));
      out.text("]}");
    }
    out.put('}');
  }

  void write_network(ByteWriter& out) const {
    out.text("\",\"sizes\":\"");
    out.number(topology_.inputs);
    for (std::size_t l = 0; l < topology_.layer_count; ++l) {
      out.put(',');
      out.number(topology_.outputs_of(l));
    }
    out.text("\",\"activations\":\"");
    for (std::size_t l = 0; l < topology_.layer_count; ++l) {
      if (l != 0) out.put(',');
      out.text(name_of(topology_.layers[l].activation));
    }
    const char* separator = "\",\"batch_norm\":\"";
    for (std::size_t l = 0; l < topology_.layer_count; ++l) {
      if (!topology_.layers[l].batch_norm) continue;
      out.text(separator);
      out.number(l);
      separator = ",";
    }
    out.text("\",\"loss\":\"");
    out.text(name_of(model_.loss.kind));
    if (model_.loss.kind == Loss::huber) {
      out.text("\",\"huber_delta\":\"");
      out.fraction(model_.loss.huber_delta);
    }
    if (model_.loss.label_smoothing != 0.0f) {
      out.text("\",\"label_smoothing\":\"");
      out.fraction(model_.loss.label_smoothing);
    }
  }

  void write_inputs(ByteWriter& out) const {
    out.text("\",\"input_scale\":\"");
    out.fraction(model_.input_scale);
    if (model_.rows != 0) {
      out.text("\",\"input_shape\":\"");
      out.number(model_.rows);
      out.put(',');
      out.number(model_.columns);
    }
    if (model_.class_names.empty()) return;
    out.text("\",\"class_names\":\"");
    out.escaped(model_.class_names);
  }

  const ModelDescription& model_;
  const Topology& topology_;
  Span<const float> parameters_, running_;
  std::uint32_t fingerprint_;
};

}  // namespace

Result check(const ModelDescription& model) {
  if (const Result result = check(model.topology); !result.ok()) return result;
  if (const Result result = check(model.loss, model.topology.output_activation()); !result.ok()) return result;
  const bool is_right =
      detail::is_input_scale(model.input_scale) && detail::is_input_shape(model) && detail::is_utf8(model.class_names);
  return is_right ? detail::check_class_names(model) : Result(Status::model_value);
}

Result write_model(const ModelDescription& model, Span<const float> parameters, Span<const float> running,
                   const ByteSink& sink) {
  if (const Result result = check(model); !result.ok()) return result;
  const Topology& topology = model.topology;
  if (const Result result = detail::check_sizes(topology, parameters, running); !result.ok()) return result;
  for (std::size_t i = 0; i < model_tensor_count(topology); ++i) {
    const ModelTensor tensor = detail::model_tensor(topology, i);
    bool possible = true;
    detail::for_each_element(topology, tensor, parameters, running,
                             [&](float x) { possible = possible && detail::is_possible(tensor, x); });
    if (!possible) return {Status::model_bad_number, i};
  }
  const Writer writer(model, parameters, running);
  ByteWriter counted(nullptr), out(&sink);
  writer.write(counted, 0);
  writer.write(out, counted.crc());
  return out.ok() ? Status::ok : Status::write_failed;
}

}  // namespace mote
