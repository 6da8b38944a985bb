// SPDX-License-Identifier: MIT
// Safetensors files of other programs.
#include "common/error.hpp"
#include "fuzz.hpp"
#include "run/foreign_model.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mote::Bytes file(data, size);
  const mote::ByteSource source = mote::source_of(file);
  try {
    const tools::ForeignFile found = tools::read_safetensors(source, "file");
    for (const tools::ForeignTensor& tensor : found.tensors)
      fuzz::require(tensor.end <= size, "tensors are in the file");
    tools::ForeignNetwork network;
    network.activation = mote::Activation::relu;
    std::string order;
    const std::string made = tools::convert_foreign(found, source, "file", network, order);
    const mote::Bytes bytes(reinterpret_cast<const unsigned char*>(made.data()), made.size());
    std::vector<unsigned char> memory(made.size());
    mote::ModelDescription model;
    const mote::Status status =
        mote::read_model_description(mote::source_of(bytes), {memory.data(), memory.size()}, model).status;
    fuzz::require(status != mote::Status::model_syntax && status != mote::Status::model_truncated &&
                      status != mote::Status::model_gap,
                  "a converted file is a safetensors file");
  } catch (const tools::Error& error) {
    fuzz::require(error.what()[0] != '\0', "an error has a text");
  }
  return 0;
}
