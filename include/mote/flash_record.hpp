// SPDX-License-Identifier: MIT
// Records in flash that survive a loss of power at any byte of a write: two slots take turns, and the newest complete
// record is never in the slot that is written.
//
//   if (!write_record(flash, tuning.learned()).ok()) halt();     // now it is the newest
//
//   static unsigned char memory[mote::learned_bytes(topology, options)];
//   mote::Bytes learned;                                         // after the next start
//   if (read_record(flash, memory, learned).ok() && !tuning.restore(learned).ok()) halt();
//
// A record that is not in memory as a whole, such as a checkpoint, is written through a sink and read through a source:
//
//   mote::FlashWriter writer;
//   if (!writer.begin(flash, mote::checkpoint_bytes(trainer, 0)).ok() ||
//       !mote::write_checkpoint(trainer, {}, writer.sink()).ok() || !writer.commit().ok()) halt();
//
//   mote::FlashRecord record;
//   if (find_newest(flash, record).ok() && !mote::read_checkpoint(source_of(record), dataset, trainer).ok()) halt();
//
// Layout of a slot: 16 bytes of header (mark, sequence number, size of the record, complement of the size), the record,
// and 8 bytes that are written last: the CRC-32 of all before and its complement. Each of the three is padded with 0xff
// to whole writes. A slot whose last bytes are wrong holds no record; erased bytes, all ones, are never right.
#ifndef MOTE_FLASH_RECORD_HPP
#define MOTE_FLASH_RECORD_HPP

#include <cstdint>

#include "mote/bytes.hpp"

namespace mote {

/// Largest supported Flash::write_bytes.
inline constexpr std::size_t kMaxFlashWrite = 256;

/// Two consecutive slots of flash and the caller's functions, which return false on failure and do not throw. Offsets
/// count bytes from the beginning of slot 0. A slot that cannot be read counts as empty and may be overwritten: retry
/// transient failures inside read().
struct Flash {
  std::uint32_t slot_bytes = 0;   ///< a multiple of the erase block; 2 slot_bytes < 2^32
  std::uint32_t write_bytes = 1;  ///< unit of writes, in size and alignment: a power of two up to kMaxFlashWrite
  bool (*read)(void* context, std::uint32_t offset, Memory to) = nullptr;
  /// Sets all `size` bytes from `offset` on, one slot, to 0xff.
  bool (*erase)(void* context, std::uint32_t offset, std::uint32_t size) = nullptr;
  /// Writes bytes that are erased. Each is written once between two erasures.
  bool (*write)(void* context, std::uint32_t offset, Bytes bytes) = nullptr;
  void* context = nullptr;
};

/// ok or flash_geometry.
Result check(const Flash& flash);

/// Size of the largest record, in bytes. check(flash) must be ok.
std::uint32_t flash_capacity(const Flash& flash);

/// A complete record in flash.
struct FlashRecord {
  Flash flash;
  std::uint32_t slot = 0;
  std::uint32_t sequence = 0;  ///< number of the record; grows by 1, modulo 2^32
  std::uint32_t size = 0;      ///< bytes
};

/// Finds the newest complete record. Errors: flash_empty; flash_geometry; read_failed if neither slot can be read. One
/// slot that cannot be read counts as empty: flash with error correction rejects words that were half written.
Result find_newest(const Flash& flash, FlashRecord& record);

/// Source of the bytes of `record`, which must outlive it. One more record may be saved while the source is in use.
ByteSource source_of(const FlashRecord& record);
ByteSource source_of(const FlashRecord&& record) = delete;

/// Saves a record. Until commit() returns ok, the previous record stays the newest. Not copyable: sink() refers to it.
class FlashWriter {
 public:
  FlashWriter() = default;
  FlashWriter(const FlashWriter&) = delete;
  FlashWriter& operator=(const FlashWriter&) = delete;

  /// Erases the slot without the newest record. size: bytes of the record. Errors: flash_full; write_failed;
  /// read_failed and flash_geometry of find_newest(). If two losses of power before the first record left both slots
  /// unreadable, read_failed is all that the library can tell: erase one slot.
  Result begin(const Flash& flash, std::uint64_t size);
  /// Sink for the bytes of the record. Must not outlive the writer.
  ByteSink sink() { return {write_bytes, this}; }
  /// Completes the record and reads it back. Errors: write_failed if the number of bytes is not `size`, a write failed
  /// or the bytes read back differ; read_failed.
  Result commit();

 private:
  static bool write_bytes(void* context, Bytes bytes);
  bool put(Bytes bytes);
  bool flush();

  FlashRecord record_;
  std::uint32_t at_ = 0;    // offset of the next write
  std::uint32_t left_ = 0;  // bytes of the record still expected
  std::uint32_t crc_ = 0;
  bool ok_ = false;
  std::size_t used_ = 0;
  unsigned char buffer_[kMaxFlashWrite];
};

/// Saves `bytes` as the newest record. Errors: of FlashWriter.
Result write_record(const Flash& flash, Bytes bytes);

/// Copies the newest record into `memory` and makes `record` a view of it. Errors: of find_newest(); memory_too_small
/// (found: memory.size(); expected: size of the record); read_failed.
Result read_record(const Flash& flash, Memory memory, Bytes& record);

}  // namespace mote

#endif  // MOTE_FLASH_RECORD_HPP
