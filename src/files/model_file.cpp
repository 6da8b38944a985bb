// SPDX-License-Identifier: MIT
#include "mote/model_file.hpp"

#include "../core/little_endian.hpp"
#include "json.hpp"
#include "model_header.hpp"
#include "mote/checksum.hpp"

namespace mote {
namespace {

using detail::ModelHeader;
using detail::ModelTensor;

constexpr std::size_t kChunk = 256;  // bytes handled at a time

bool read(const ByteSource& file, std::uint64_t offset, Memory to) {
  return file.read(file.context, offset, to);
}

std::size_t chunk_of(std::uint64_t left) {
  return left < kChunk ? static_cast<std::size_t>(left) : kChunk;
}

Result read_header(const ByteSource& file, Memory memory, ModelHeader& header) {
  constexpr std::uint64_t kBegin = detail::kModelHeaderBegin;
  unsigned char size_bytes[kBegin];
  if (file.size < kBegin) return {Status::model_truncated, file.size, kBegin};
  if (!read(file, 0, size_bytes)) return Status::read_failed;
  const std::uint64_t size = detail::load64(size_bytes), room = file.size - kBegin;
  unsigned char first[1] = {'{'};
  if (room != 0 && !read(file, kBegin, first)) return Status::read_failed;
  if (first[0] != '{') return {Status::model_syntax, kBegin};  // another kind of file: its first bytes are no size
  if (size > room) return {Status::model_truncated, file.size, size > ~kBegin ? ~std::uint64_t{0} : kBegin + size};
  if (size > memory.size()) return {Status::memory_too_small, memory.size(), size};
  const Memory json = memory.subspan(0, static_cast<std::size_t>(size));
  if (!read(file, kBegin, json)) return Status::read_failed;
  if (json.empty() || json[0] != '{') return {Status::model_syntax, kBegin};  // the format allows no space before it
  if (const Result result = parse_model_header(json, room - size, header); !result.ok()) return result;
  ModelDescription& model = header.model;
  if (!model.class_names.empty()) {
    unsigned char* names = json.data() + (model.class_names.data() - json.data());
    model.class_names = {names, detail::resolve_json(model.class_names, names)};
  }
  return detail::check_class_names(model);
}

/// Of the file with zeros where the checksum itself stands.
Result check_checksum(const ByteSource& file, const detail::StatedCrc& stated) {
  if (!stated.is_there) return Status::ok;
  std::uint32_t crc = 0;
  unsigned char chunk[kChunk];
  for (std::uint64_t offset = 0; offset < file.size; offset += kChunk) {
    const Memory part(chunk, chunk_of(file.size - offset));
    if (!read(file, offset, part)) return Status::read_failed;
    for (std::size_t i = 0; i < part.size(); ++i) {
      if (offset + i >= stated.at && offset + i < stated.at + 8) part[i] = '0';
    }
    crc = crc32(part, crc);
  }
  return crc == stated.value ? Result(Status::ok) : Result(Status::model_checksum, crc, stated.value);
}

/// Numbers of a file, one after the other.
class Numbers {
 public:
  Numbers(const ByteSource& file, std::uint64_t offset, std::uint64_t count)
      : file_(file), offset_(offset), left_(count * sizeof(float)) {}

  float next() {
    if (at_ == size_) {
      size_ = chunk_of(left_);
      ok_ = read(file_, offset_, {chunk_, size_}) && ok_;
      offset_ += size_;
      left_ -= size_;
      at_ = 0;
    }
    at_ += sizeof(float);
    return ok_ ? detail::load_float(chunk_ + at_ - sizeof(float)) : 0.0f;
  }
  bool ok() const { return ok_; }

 private:
  const ByteSource& file_;
  std::uint64_t offset_, left_;  // in the file; bytes not read yet
  unsigned char chunk_[kChunk];
  std::size_t size_ = 0, at_ = 0;
  bool ok_ = true;
};

Result check_numbers(const ByteSource& file, const ModelHeader& header) {
  const Topology& topology = header.model.topology;
  for (std::size_t i = 0; i < model_tensor_count(topology); ++i) {
    const ModelTensor tensor = detail::model_tensor(topology, i);
    Numbers numbers(file, header.offsets[i], tensor.elements());
    for (std::uint64_t e = 0; e < tensor.elements(); ++e) {
      if (!detail::is_possible(tensor, numbers.next())) return {Status::model_bad_number, i};
    }
    if (!numbers.ok()) return Status::read_failed;
  }
  return Status::ok;
}

Result load_numbers(const ByteSource& file, const ModelHeader& header, Span<float> parameters, Span<float> running) {
  const Topology& topology = header.model.topology;
  for (std::size_t i = 0; i < model_tensor_count(topology); ++i) {
    const ModelTensor tensor = detail::model_tensor(topology, i);
    Numbers numbers(file, header.offsets[i], tensor.elements());
    detail::for_each_element(topology, tensor, parameters, running, [&](float& x) { x = numbers.next(); });
    if (!numbers.ok()) return Status::read_failed;
  }
  if (!header.fingerprint.is_there) return Status::ok;
  const std::uint32_t found = fingerprint(topology, parameters);
  if (found == header.fingerprint.value) return Status::ok;
  return {Status::model_fingerprint, found, header.fingerprint.value};
}

void clear(Span<float> span) {
  for (float& x : span) x = 0.0f;
}

/// Whether a Result says which tensor of the header's network it is about.
bool concerns_tensor(Status status) {
  return status == Status::model_missing_tensor || status == Status::model_tensor_type ||
         status == Status::model_tensor_shape || status == Status::model_tensor_offsets;
}

}  // namespace

Result read_model_description(const ByteSource& file, Memory header, ModelDescription& model) {
  ModelHeader read;
  const Result result = read_header(file, header, read);
  if (result.ok() || concerns_tensor(result.status)) model = read.model;
  return result;
}

Result read_model(const ByteSource& file, Memory header, const Topology& topology, Span<float> parameters,
                  Span<float> running) {
  ModelHeader read;
  if (const Result result = read_header(file, header, read); !result.ok()) return result;
  const TopologyDifference differs = difference(read.model.topology, topology);
  if (differs.what != TopologyDifference::What::nothing) return {Status::model_differs, differs.layer};
  if (const Result result = detail::check_sizes(topology, parameters, running); !result.ok()) return result;
  if (const Result result = check_checksum(file, read.checksum); !result.ok()) return result;
  if (const Result result = check_numbers(file, read); !result.ok()) return result;
  clear(parameters);
  clear(running);
  const Result result = load_numbers(file, read, parameters, running);
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
