// SPDX-License-Identifier: MIT
// Model files. First byte: room for the header, and the form of the rest: the file, or, so that headers can change in
// size, a header, a zero byte and the data.
#include "mote/model_file.hpp"

#include <cstring>
#include <vector>

#include "fuzz.hpp"
#include "mote/batch_norm.hpp"

namespace {

constexpr std::size_t kMostFloats = std::size_t{1} << 16;

std::string file_of(mote::Bytes bytes, bool is_framed) {
  std::string file;
  if (is_framed) {
    std::size_t header = 0;
    while (header < bytes.size() && bytes[header] != 0) ++header;
    for (int i = 0; i < 8; ++i) file += static_cast<char>(std::uint64_t{header} >> 8 * i);
    fuzz::append(&file, bytes.subspan(0, header));
    if (header < bytes.size()) ++header;
    bytes = bytes.subspan(header, bytes.size() - header);
  }
  fuzz::append(&file, bytes);
  return file;
}

/// The contents of a file, in memory of exactly its size.
struct Loaded {
  mote::ModelDescription description;
  std::vector<unsigned char> header;
  std::vector<float> parameters, running;

  mote::Result read(const std::string& file, std::size_t header_room) {
    const mote::Bytes bytes(reinterpret_cast<const unsigned char*>(file.data()), file.size());
    header.assign(header_room, 0);
    const mote::Result described = read_model_description(mote::source_of(bytes), memory_of(header), description);
    if (!described.ok()) {
      require_name(described);
      return described;
    }
    const mote::Topology& topology = description.topology;
    fuzz::require(check(topology).ok(), "a description is of a network that can be");
    if (topology.parameter_count() > kMostFloats) return mote::Status::memory_too_small;
    parameters.assign(topology.parameter_count(), 1.0f);
    running.assign(running_statistics_count(topology), 1.0f);
    std::vector<unsigned char> other(header_room);
    return read_model(mote::source_of(bytes), memory_of(other), topology, {parameters.data(), parameters.size()},
                      {running.data(), running.size()});
  }
  std::string written() const {
    std::string file;
    const mote::Result result = write_model(description, {parameters.data(), parameters.size()},
                                            {running.data(), running.size()}, fuzz::sink_to(file));
    fuzz::require(result.ok(), "what was read can be written");
    return file;
  }

 private:
  /// A refusal that is about a tensor or the metadata names it.
  void require_name(const mote::Result& refusal) const {
    const auto i = static_cast<std::size_t>(refusal.expected);
    if (refusal.status == mote::Status::model_metadata) {
      fuzz::require(mote::model_metadata_name(i) != nullptr, "a refused value has a key");
    }
    if (refusal.status != mote::Status::model_tensor) return;
    const mote::Topology& topology = description.topology;
    fuzz::require(check(topology).ok(), "a refused tensor is of a network that can be");
    const std::size_t count = mote::model_tensor_count(topology), known = mote::known_model_tensors(topology);
    fuzz::require(i <= known, "a refused tensor is one of the network's, or unknown");
    fuzz::require(i < count || i + 4 >= known || refusal.found != 0, "only a tensor of the network can be missing");
    if (i == known) return;
    fuzz::require(mote::model_tensor_shape(topology, i).sizes[0] != 0, "a tensor has a shape");
    fuzz::require(mote::model_tensor_name(topology, i).text[0] != '\0', "a tensor has a name");
  }

  static mote::Memory memory_of(std::vector<unsigned char>& bytes) { return {bytes.data(), bytes.size()}; }
};

bool same_bits(const std::vector<float>& a, const std::vector<float>& b) {
  return a.size() == b.size() && (a.empty() || std::memcmp(a.data(), b.data(), a.size() * sizeof(float)) == 0);
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const std::uint32_t kind = input.byte();
  const std::string file = file_of(input.rest(), (kind & 1) != 0);
  Loaded first, second;
  if (!first.read(file, kind & 2 ? 65536 : file.size()).ok()) return 0;
  const std::string written = first.written();
  fuzz::require(second.read(written, written.size()).ok(), "what was written can be read");
  fuzz::require(same_bits(first.parameters, second.parameters) && same_bits(first.running, second.running),
                "it holds the same numbers");
  fuzz::require(second.written() == written, "and the same description");
  return 0;
}
