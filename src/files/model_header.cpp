// SPDX-License-Identifier: MIT
#include "model_header.hpp"

#include "json.hpp"

namespace mote::detail {
namespace {

constexpr std::size_t kMaxMetadata = 64;
constexpr std::uint64_t kAbsent = ~std::uint64_t{0};

/// The entry of a tensor. ..._at: offset of the value in the header; 0: missing.
struct TensorEntry {
  Bytes type;
  std::uint64_t shape[2] = {};
  std::uint64_t rank = 0;
  std::uint64_t begin = 0, end = 0;
  std::size_t type_at = 0, shape_at = 0, offsets_at = 0;
};

Result syntax(std::size_t at) {
  return {Status::model_syntax, kModelHeaderBegin + at};
}

/// Reads an object. For each member, calls member(key, position of the key), which reads the value.
template <typename F>
Result read_object(JsonReader& json, F member) {
  if (!json.take('{')) return syntax(json.position());
  if (json.take('}')) return Status::ok;
  do {
    const std::size_t at = json.position();
    Bytes key;
    if (!json.take_string(key) || !json.take(':')) return syntax(json.position());
    if (const Result result = member(key, at); !result.ok()) return result;
  } while (json.take(','));
  return json.take('}') ? Result(Status::ok) : syntax(json.position());
}

/// Reads an array of numbers and stores the first two. Returns false if the text is no such array.
bool read_numbers(JsonReader& json, std::uint64_t (&numbers)[2], std::uint64_t& count) {
  if (!json.take('[')) return false;
  count = 0;
  if (json.take(']')) return true;
  do {
    std::uint64_t number;
    if (!json.take_number(number)) return false;
    if (count < 2) numbers[count] = number;
    ++count;
  } while (json.take(','));
  return json.take(']');
}

Result read_tensor(JsonReader& json, TensorEntry& entry) {
  const std::size_t start = json.position();
  const Result result = read_object(json, [&](Bytes key, std::size_t at) -> Result {
    const bool is_type = json_says(key, "dtype"), is_shape = json_says(key, "shape");
    if (!is_type && !is_shape && !json_says(key, "data_offsets")) {
      return json.skip_value() ? Result(Status::ok) : syntax(json.position());
    }
    std::size_t& value_at = is_type ? entry.type_at : is_shape ? entry.shape_at : entry.offsets_at;
    if (value_at != 0) return syntax(at);
    value_at = json.position();
    std::uint64_t offsets[2] = {}, count = 2;
    const bool is_right = is_type    ? json.take_string(entry.type)
                          : is_shape ? read_numbers(json, entry.shape, entry.rank)
                                     : read_numbers(json, offsets, count) && count == 2;
    if (!is_right) return syntax(json.position());
    if (!is_type && !is_shape) entry.begin = offsets[0], entry.end = offsets[1];
    return Status::ok;
  });
  if (!result.ok()) return result;
  const bool is_whole = entry.type_at != 0 && entry.shape_at != 0 && entry.offsets_at != 0;
  return is_whole ? Result(Status::ok) : syntax(start);
}

/// Reads the metadata: an object of at most kMaxMetadata strings with distinct keys.
Result read_strings(JsonReader& json, MetadataValue (&values)[kModelKeys]) {
  Bytes keys[kMaxMetadata];
  std::size_t count = 0;
  return read_object(json, [&](Bytes key, std::size_t at) -> Result {
    if (count == kMaxMetadata) return {Status::model_syntax, kModelHeaderBegin + at, kMaxMetadata};
    for (const Bytes other : Span<const Bytes>(keys, count)) {
      if (json_same(other, key)) return syntax(at);
    }
    keys[count++] = key;
    MetadataValue value;
    value.at = kModelHeaderBegin + json.position();
    if (!json.take_string(value.raw)) return syntax(json.position());
    for (std::size_t k = 0; k < kModelKeys; ++k) {
      if (json_says(key, model_metadata_name(k))) values[k] = value;
    }
    return Status::ok;
  });
}

/// Reads the header. Calls tensor(name, its position, entry) for each tensor.
template <typename F>
Result read_header(Bytes text, MetadataValue (&values)[kModelKeys], F tensor) {
  JsonReader json(text);
  bool has_metadata = false;
  const Result result = read_object(json, [&](Bytes name, std::size_t at) -> Result {
    if (json_says(name, "__metadata__")) {
      if (has_metadata) return syntax(at);
      has_metadata = true;
      return read_strings(json, values);
    }
    TensorEntry entry;
    const Result read = read_tensor(json, entry);
    return read.ok() ? tensor(name, at, entry) : read;
  });
  if (!result.ok()) return result;
  return json.at_end() ? Result(Status::ok) : syntax(json.position());
}

/// Bytes of a tensor, counted from the end of the header. begin: kAbsent until the tensor is found.
struct Place {
  std::uint64_t begin = kAbsent, size = 0;
};

/// Places of the known_model_tensors().
class Places {
 public:
  Places(const Topology& topology, std::uint64_t data_begin, std::uint64_t data_bytes)
      : topology_(topology), tensors_(known_model_tensors(topology)), begin_(data_begin), bytes_(data_bytes) {}

  /// Checks a tensor of the file and notes its place.
  Result add(Bytes name, std::size_t at, const TensorEntry& entry) {
    const std::size_t i = find(name);
    const auto wrong = [i](std::size_t position) {
      return Result(Status::model_tensor, kModelHeaderBegin + position, i);
    };
    if (i == tensors_) return wrong(at);
    Place& place = places_[i];
    if (place.begin != kAbsent) return syntax(at);
    const ModelTensor tensor = model_tensor(topology_, i);
    const TensorShape shape = model_tensor_shape(topology_, i);
    if (!json_says(entry.type, tensor.kind == ModelTensor::Kind::counter ? "I64" : "F32")) return wrong(entry.type_at);
    const bool fits = entry.rank == shape.rank && (shape.rank < 1 || entry.shape[0] == shape.sizes[0]) &&
                      (shape.rank < 2 || entry.shape[1] == shape.sizes[1]);
    if (!fits) return wrong(entry.shape_at);
    place.size = tensor.bytes();
    if (entry.begin > entry.end || entry.end - entry.begin != place.size) return wrong(entry.offsets_at);
    if (entry.end > bytes_) {
      const std::uint64_t wanted = begin_ + entry.end;
      return {Status::model_truncated, begin_ + bytes_, wanted < entry.end ? ~std::uint64_t{0} : wanted};
    }
    place.begin = entry.begin;
    return Status::ok;
  }

  /// Checks that no tensor is missing and that tensors fill the data without gap. Stores their offsets in the file.
  Result finish(std::uint64_t* offsets) const {
    for (std::size_t i = 0; i < tensors_; ++i) {
      const bool is_here = places_[i].begin != kAbsent;
      if (!is_here && is_missing(i)) return {Status::model_tensor, 0, i};
      offsets[i] = is_here ? begin_ + places_[i].begin : 0;
    }
    std::uint64_t end = 0;
    std::size_t left = 0;
    for (const Place& place : places_) left += place.begin != kAbsent ? 1 : 0;
    for (; left > 0; --left) {
      const Place* next = nullptr;
      for (const Place& place : places_) {
        if (place.begin != end) continue;
        if (next != nullptr) return {Status::model_gap, begin_ + end};
        next = &place;
      }
      if (next == nullptr) return {Status::model_gap, begin_ + end};
      end += next->size;
    }
    return end == bytes_ ? Result(Status::ok) : Result(Status::model_gap, begin_ + end);
  }

 private:
  /// Index of the tensor with this name; tensors_ if the network has none.
  std::size_t find(Bytes name) const {
    for (std::size_t i = 0; i < tensors_; ++i) {
      const ModelTensor tensor = model_tensor(topology_, i);
      const bool needs_norm = !tensor.is_needed() && tensor.kind < ModelTensor::Kind::input_offset;
      const bool exists = !needs_norm || topology_.layers[tensor.layer].batch_norm;
      if (exists && json_says(name, model_tensor_name(topology_, i).text)) return i;
    }
    return tensors_;
  }

  /// Whether the network needs a tensor, or another tensor of the file comes only with it.
  bool is_missing(std::size_t i) const {
    const ModelTensor tensor = model_tensor(topology_, i);
    if (tensor.is_needed() || tensor.kind < ModelTensor::Kind::input_offset) return tensor.is_needed();
    const std::size_t first = model_tensor_index(topology_, ModelTensor::Kind::input_offset);
    return places_[first + ((i - first) ^ 1)].begin != kAbsent;  // offset and scale, inputs and outputs
  }

  const Topology& topology_;
  std::size_t tensors_;
  std::uint64_t begin_, bytes_;  // of the data: offset in the file, and size
  Place places_[kMaxModelTensors];
};

}  // namespace

Result parse_model_header(Bytes json, std::uint64_t data_bytes, ModelHeader& header) {
  MetadataValue values[kModelKeys];
  // First pass: the metadata, at any position, decide which tensors the file must have.
  Result result = read_header(json, values, [](Bytes, std::size_t, const TensorEntry&) { return Status::ok; });
  if (!result.ok()) return result;
  result = read_metadata(values, header.metadata);
  if (!result.ok()) return result;
  header.json_bytes = json.size();
  Places places(header.metadata.model.topology, kModelHeaderBegin + json.size(), data_bytes);
  result = read_header(
      json, values, [&](Bytes name, std::size_t at, const TensorEntry& entry) { return places.add(name, at, entry); });
  return result.ok() ? places.finish(header.offsets) : result;
}

}  // namespace mote::detail
