// SPDX-License-Identifier: MIT
// A record that survives the loss of power at any byte of being saved: two slots of flash memory take turns, and the
// one being written never holds the newest whole record.
//
//   mote::FlashWriter writer;
//   writer.begin(flash, mote::checkpoint_bytes(trainer, 0));
//   mote::write_checkpoint(trainer, {}, writer.sink());
//   writer.commit();                                           // from here on it is the new one
//
//   mote::FlashRecord record;                                  // after the next start
//   if (find_newest(flash, record).ok()) mote::read_checkpoint(source_of(record), dataset, trainer);
//
// A slot: 16 bytes (a mark, a sequence number, the size of the record, its complement), the record, and 8 bytes that
// are written last: the CRC-32 of all before and its complement; each of the three filled up with 0xff to whole writes.
// A slot without right last bytes does not count. Erased bytes, all ones, are no CRC and complement.
#pragma once

#include <cstdint>

#include "mote/bytes.hpp"

namespace mote {

/// Largest piece that flash may want to be written at once.
inline constexpr std::size_t kMaxFlashWrite = 256;

/// Two slots, one behind the other, and the caller's functions, which return false when they fail and throw nothing.
/// Offsets count from the beginning of slot 0. A slot that cannot be read counts as one without a record, which the
/// next may overwrite: let read try again where failures pass.
struct Flash {
  std::uint32_t slot_bytes = 0;   ///< whole erase blocks; 2 slot_bytes < 2^32
  std::uint32_t write_bytes = 1;  ///< writes are multiples of it and aligned to it: a power of two up to kMaxFlashWrite
  bool (*read)(void* context, std::uint32_t offset, Memory to) = nullptr;
  /// Makes all bytes of a slot 0xff.
  bool (*erase)(void* context, std::uint32_t offset, std::uint32_t size) = nullptr;
  /// Writes erased bytes, each once.
  bool (*write)(void* context, std::uint32_t offset, Bytes bytes) = nullptr;
  void* context = nullptr;
};

/// ok or flash_geometry.
Result check(const Flash& flash);

/// Bytes of the largest record in a flash that check() finds ok.
std::uint32_t flash_capacity(const Flash& flash);

/// A whole record.
struct FlashRecord {
  Flash flash;
  std::uint32_t slot = 0;
  std::uint32_t sequence = 0;  ///< one more for every record saved
  std::uint32_t size = 0;      ///< bytes
};

/// The record that was committed last. flash_empty; flash_geometry; read_failed when neither slot can be read. A slot
/// that cannot be read does not count, as flash with error correction answers for words half written when power was
/// lost.
Result find_newest(const Flash& flash, FlashRecord& record);

/// Its bytes. `record` must outlive it, and nothing may be saved meanwhile but the next record.
ByteSource source_of(const FlashRecord& record);
ByteSource source_of(const FlashRecord&& record) = delete;

/// Saves a record. If power is lost or anything fails before commit() is done, the last one is still there.
class FlashWriter {
 public:
  /// Erases the slot that does not hold the newest record. size: bytes that will come. flash_full, write_failed, or
  /// what find_newest() says of reading: where two losses of power before the first record have left neither slot
  /// readable, nothing tells them from a broken flash; erase one then.
  Result begin(const Flash& flash, std::uint64_t size);
  /// Where the bytes go to; must not outlive this.
  ByteSink sink();
  /// write_failed when more or fewer bytes came, a write failed, or what is there now is not what was written;
  /// read_failed when that cannot be read.
  Result commit();

 private:
  static bool write_bytes(void* context, Bytes bytes);
  bool put(Bytes bytes);
  bool flush();

  FlashRecord record_;
  std::uint32_t at_ = 0;    // offset of the next write
  std::uint32_t left_ = 0;  // bytes of the record to come
  std::uint32_t crc_ = 0;
  bool ok_ = false;
  std::size_t used_ = 0;
  unsigned char piece_[kMaxFlashWrite];
};

}  // namespace mote
