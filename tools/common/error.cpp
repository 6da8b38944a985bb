// SPDX-License-Identifier: MIT
#include "common/error.hpp"

#include <cinttypes>
#include <cstdio>

#include "common/names.hpp"

namespace tools {
namespace {

/// The format of the two numbers of a Result; null for a status without numbers.
const char* format_of(mote::Status status) {
  using mote::Status;
  switch (status) {
    case Status::memory_too_small: return "%" PRIu64 " bytes given, %" PRIu64 " needed";
    case Status::memory_misaligned: return "address is %" PRIu64 " past a multiple of %" PRIu64;
    case Status::too_many_samples:
    case Status::too_many_layers: return "%" PRIu64 " asked for, at most %" PRIu64;
    case Status::layer_size_out_of_range: return "%" PRIu64 " units asked for, 1 to %" PRIu64 " possible";
    case Status::network_too_large: return "%" PRIu64 " bytes of parameters, at most %" PRIu64;
    case Status::softmax_not_last: return "found in layer %" PRIu64 " of %" PRIu64;
    case Status::bad_batch_size: return "%" PRIu64 " asked for, 1 to %" PRIu64 " possible";
    case Status::bad_dropout_count: return "%" PRIu64 " given, %" PRIu64 " needed";
    case Status::input_size_mismatch:
    case Status::output_size_mismatch: return "the data have %" PRIu64 ", the network has %" PRIu64;
    case Status::bad_enumerator: return "found %" PRIu64;
    case Status::idx_bad_magic: return "found 0x%04" PRIx64;
    case Status::idx_rank: return "found %" PRIu64 ", expected %" PRIu64;
    case Status::idx_truncated_header:
    case Status::idx_truncated_body:
    case Status::model_truncated:
    case Status::checkpoint_size:
    case Status::idx_trailing_bytes: return "found %" PRIu64 " bytes, expected %" PRIu64;
    case Status::idx_zero_dimension: return "dimension %" PRIu64;
    case Status::model_names:
    case Status::count_mismatch: return "found %" PRIu64 ", expected %" PRIu64;
    case Status::model_fingerprint:
    case Status::model_damaged:
    case Status::checkpoint_checksum: return "found %08" PRIx64 ", expected %08" PRIx64;
    case Status::input_not_finite: return "in sample %" PRIu64 ", feature %" PRIu64 " (the first are 0)";
    case Status::target_out_of_range: return "in sample %" PRIu64;
    case Status::label_out_of_range: return "found %" PRIu64 ", the largest possible is %" PRIu64;
    default: return nullptr;
  }
}

/// "0x08 (unsigned bytes)"
std::string idx_type_text(std::uint64_t code) {
  char text[8];
  std::snprintf(text, sizeof text, "0x%02x", static_cast<unsigned>(code));
  const std::string name(name_of(kIdxTypes, static_cast<mote::IdxType>(code)));
  return name == "?" ? text : text + (" (" + name + ")");
}

}  // namespace

std::string describe(const mote::Result& result) {
  if (result.status == mote::Status::not_finite) {  // texts count batches from 1
    return std::string(mote::to_string(result.status)) + ": in batch " + std::to_string(result.found + 1);
  }
  std::string text = mote::to_string(result.status);
  if (const char* format = format_of(result.status)) {
    char numbers[96];
    std::snprintf(numbers, sizeof numbers, format, result.found, result.expected);
    text += std::string(": ") + numbers;
  }
  if (result.status == mote::Status::idx_element_type) {
    text += ": found " + idx_type_text(result.found) + ", expected " +
            (result.expected != 0 ? idx_type_text(result.expected) : "0x08, 0x09 or 0x0b to 0x0e");
  }
  return text;
}

void require(const mote::Result& result) {
  if (!result.ok()) throw Error(describe(result));
}

}  // namespace tools
