// SPDX-License-Identifier: MIT
// Checkpoints. The whole input is the file. The mutator mostly repairs size and CRC afterwards; otherwise hardly any
// input would get past them.
#include "mote/checkpoint.hpp"

#include <random>
#include <vector>

#include "checkpoint_case.hpp"
#include "core/little_endian.hpp"
#include "fuzz.hpp"

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const mote::Bytes file(data, size);
  const mote::ByteSource source = mote::source_of(file);
  static fuzz::CheckpointCase resumed;
  static const std::string before = resumed.written({});
  std::uint64_t note_bytes = 0;
  const bool is_whole = check_checkpoint(source, note_bytes).ok();
  std::vector<unsigned char> note;
  if (is_whole) {
    fuzz::require(note_bytes < size, "a note is within the file");
    note.resize(static_cast<std::size_t>(note_bytes));
    fuzz::require(read_checkpoint_note(source, {note.data(), note.size()}).ok(), "a whole file has its note");
  }
  const mote::Result result = read_checkpoint(source, resumed.dataset(), resumed.trainer());
  if (!result.ok()) {
    fuzz::require(resumed.written({}) == before, "a refused checkpoint changes nothing");
    return 0;
  }
  fuzz::require(is_whole, "only whole files are taken");
  const std::string again = resumed.written({note.data(), note.size()});
  fuzz::require(again == std::string(data, data + size), "what was taken is the whole file");
  while (resumed.trainer().samples_left() != 0 && resumed.trainer().train_batch().ok()) {
  }
  resumed.start();
  return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t room, unsigned seed) {
  size = LLVMFuzzerMutate(data, size, room);
  std::minstd_rand random(seed);
  if (random() % 8 == 0 || size < 28) return size;
  if (random() % 8 != 0) {
    mote::detail::store32(static_cast<std::uint32_t>(size), data + 8);
    mote::detail::store32(0, data + 12);
  }
  mote::detail::store32(mote::crc32({data, size - 4}), data + size - 4);
  return size;
}
