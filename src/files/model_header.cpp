// SPDX-License-Identifier: MIT
#include "model_header.hpp"

#include "json.hpp"

namespace mote::detail {
namespace {

constexpr std::size_t kMaxMetadata = 64;
constexpr std::uint64_t kAbsent = ~std::uint64_t{0};

/// A value of a tensor, and where it stands in the header.
struct TensorEntry {
  Bytes type;
  std::uint64_t shape[2] = {};
  std::uint64_t rank = 0;
  std::uint64_t begin = 0, end = 0;
  std::size_t type_at = 0, shape_at = 0, offsets_at = 0;  // 0: not there
};

Result at_byte(Status status, std::size_t at, std::uint64_t expected = 0) {
  return {status, kModelHeaderBegin + at, expected};
}

/// Reads an object; calls member(key, position of the key) for each, which reads its value.
template <typename F>
Result read_object(JsonReader& json, F member) {
  if (!json.take('{')) return at_byte(Status::model_syntax, json.position());
  if (json.take('}')) return Status::ok;
  do {
    const std::size_t at = json.position();
    Bytes key;
    if (!json.take_string(key) || !json.take(':')) return at_byte(Status::model_syntax, json.position());
    if (const Result result = member(key, at); !result.ok()) return result;
  } while (json.take(','));
  return json.take('}') ? Result(Status::ok) : at_byte(Status::model_syntax, json.position());
}

/// Reads an array of numbers; the first `most` of them go to `numbers`. Returns whether it is one.
bool read_numbers(JsonReader& json, std::uint64_t* numbers, std::uint64_t most, std::uint64_t& count) {
  if (!json.take('[')) return false;
  count = 0;
  if (json.take(']')) return true;
  do {
    std::uint64_t number;
    if (!json.take_number(number)) return false;
    if (count < most) numbers[count] = number;
    ++count;
  } while (json.take(','));
  return json.take(']');
}

Result read_tensor(JsonReader& json, TensorEntry& entry) {
  const std::size_t start = json.position();
  const Result result = read_object(json, [&](Bytes key, std::size_t at) -> Result {
    const bool is_type = json_says(key, "dtype"), is_shape = json_says(key, "shape");
    if (!is_type && !is_shape && !json_says(key, "data_offsets")) return at_byte(Status::model_syntax, at);
    std::size_t& value_at = is_type ? entry.type_at : is_shape ? entry.shape_at : entry.offsets_at;
    if (value_at != 0) return at_byte(Status::model_duplicate, at);
    value_at = json.position();
    std::uint64_t offsets[2] = {}, count = 2;
    const bool is_right = is_type    ? json.take_string(entry.type)
                          : is_shape ? read_numbers(json, entry.shape, 2, entry.rank)
                                     : read_numbers(json, offsets, 2, count) && count == 2;
    if (!is_right) return at_byte(Status::model_syntax, json.position());
    if (!is_type && !is_shape) entry.begin = offsets[0], entry.end = offsets[1];
    return Status::ok;
  });
  if (!result.ok()) return result;
  const bool is_whole = entry.type_at != 0 && entry.shape_at != 0 && entry.offsets_at != 0;
  return is_whole ? Result(Status::ok) : at_byte(Status::model_syntax, start);
}

/// Strings under names, all different.
Result read_strings(JsonReader& json, MetadataValue (&values)[kMetadataKeys]) {
  Bytes keys[kMaxMetadata];
  std::size_t count = 0;
  return read_object(json, [&](Bytes key, std::size_t at) -> Result {
    if (count == kMaxMetadata) return {Status::model_too_many_metadata, kModelHeaderBegin + at, kMaxMetadata};
    for (const Bytes other : Span<const Bytes>(keys, count)) {
      if (json_same(other, key)) return at_byte(Status::model_duplicate, at);
    }
    keys[count++] = key;
    MetadataValue value;
    value.at = kModelHeaderBegin + json.position();
    value.is_there = true;
    if (!json.take_string(value.raw)) return at_byte(Status::model_syntax, json.position());
    for (std::size_t k = 0; k < kMetadataKeys; ++k) {
      if (json_says(key, kMetadataNames[k])) values[k] = value;
    }
    return Status::ok;
  });
}

/// Reads the header; calls tensor(name, its position, entry) for every tensor.
template <typename F>
Result read_header(Bytes text, MetadataValue (&values)[kMetadataKeys], F tensor) {
  JsonReader json(text);
  bool has_metadata = false;
  const Result result = read_object(json, [&](Bytes name, std::size_t at) -> Result {
    if (json_says(name, "__metadata__")) {
      if (has_metadata) return at_byte(Status::model_duplicate, at);
      has_metadata = true;
      return read_strings(json, values);
    }
    TensorEntry entry;
    const Result read = read_tensor(json, entry);
    return read.ok() ? tensor(name, at, entry) : read;
  });
  if (!result.ok()) return result;
  return json.at_end() ? Result(Status::ok) : at_byte(Status::model_syntax, json.position());
}

/// A tensor's place in the data; begin kAbsent: not seen yet.
struct Place {
  std::uint64_t begin = kAbsent, size = 0;
};

// After the tensors of the network, what PyTorch's BatchNorm1d counts, one a layer.
struct Places {
  Place tensors[kMaxModelTensors + kMaxLayers];
};

/// Which of the places `name` is for; their number when it is for none.
std::size_t find_place(const Topology& topology, Bytes name) {
  const std::size_t tensors = model_tensor_count(topology);
  for (std::size_t i = 0; i < tensors; ++i) {
    if (json_says(name, model_tensor_name(topology, i).text)) return i;
  }
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    if (topology.layers[l].batch_norm && json_says(name, batch_count_name(l).text)) return kMaxModelTensors + l;
  }
  return kMaxModelTensors + kMaxLayers;
}

bool fits(const TensorShape& shape, const TensorEntry& entry) {
  return entry.rank == shape.rank && entry.shape[0] == shape.sizes[0] &&
         (shape.rank == 1 || entry.shape[1] == shape.sizes[1]);
}

Result place_tensor(const Topology& topology, Bytes name, std::size_t at, const TensorEntry& entry,
                    std::uint64_t data_begin, std::uint64_t data_bytes, Places& places) {
  const std::size_t i = find_place(topology, name);
  if (i == kMaxModelTensors + kMaxLayers) return at_byte(Status::model_unknown_tensor, at);
  Place& place = places.tensors[i];
  if (place.begin != kAbsent) return at_byte(Status::model_duplicate, at);
  const bool is_count = i >= kMaxModelTensors;
  if (!json_says(entry.type, is_count ? "I64" : "F32")) return at_byte(Status::model_tensor_type, entry.type_at, i);
  if (is_count) {
    if (entry.rank != 0) return at_byte(Status::model_tensor_shape, entry.shape_at, i);
    place.size = 8;
  } else {
    if (!fits(model_tensor_shape(topology, i), entry)) return at_byte(Status::model_tensor_shape, entry.shape_at, i);
    place.size = model_tensor(topology, i).elements() * sizeof(float);
  }
  if (entry.begin > entry.end || entry.end - entry.begin != place.size) {
    return at_byte(Status::model_tensor_offsets, entry.offsets_at, i);
  }
  if (entry.end > data_bytes) {
    const std::uint64_t wanted = data_begin + entry.end;
    return {Status::model_truncated, data_begin + data_bytes, wanted < entry.end ? ~std::uint64_t{0} : wanted};
  }
  place.begin = entry.begin;
  return Status::ok;
}

/// Whether the tensors lie end to end and fill the data. data_begin: byte of the file.
Result check_places(const Places& places, std::uint64_t data_begin, std::uint64_t data_bytes) {
  std::uint64_t end = 0;
  std::size_t chained = 0, placed = 0;
  for (const Place& place : places.tensors) placed += place.begin != kAbsent ? 1 : 0;
  while (chained < placed) {
    const Place* next = nullptr;
    for (const Place& place : places.tensors) {
      if (place.begin != end) continue;
      if (next != nullptr) return {Status::model_data_gap, data_begin + end};
      next = &place;
    }
    if (next == nullptr) return {Status::model_data_gap, data_begin + end};
    end += next->size;
    ++chained;
  }
  return end == data_bytes ? Result(Status::ok) : Result(Status::model_data_gap, data_begin + end);
}

}  // namespace

Result parse_model_header(Bytes json, std::uint64_t data_bytes, ModelHeader& header) {
  MetadataValue values[kMetadataKeys];
  // The metadata first, wherever they stand: they say what tensors there must be.
  Result result = read_header(json, values, [](Bytes, std::size_t, const TensorEntry&) { return Status::ok; });
  if (!result.ok()) return result;
  result = read_metadata(values, header.model, header.fingerprint, header.checksum);
  if (!result.ok()) return result;
  const Topology& topology = header.model.topology;
  const std::uint64_t data_begin = kModelHeaderBegin + json.size();
  Places places;
  result = read_header(json, values, [&](Bytes name, std::size_t at, const TensorEntry& entry) {
    return place_tensor(topology, name, at, entry, data_begin, data_bytes, places);
  });
  if (!result.ok()) return result;
  for (std::size_t i = 0; i < model_tensor_count(topology); ++i) {
    if (places.tensors[i].begin == kAbsent) return {Status::model_missing_tensor, i};
    header.offsets[i] = data_begin + places.tensors[i].begin;
  }
  return check_places(places, data_begin, data_bytes);
}

}  // namespace mote::detail
