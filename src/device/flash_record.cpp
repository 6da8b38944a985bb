// SPDX-License-Identifier: MIT
#include "mote/flash_record.hpp"

#include "../core/little_endian.hpp"
#include "mote/checksum.hpp"

namespace mote {
namespace {

using detail::load32;
using detail::store32;

constexpr std::uint32_t kMark = 0x65746f6d;  // "mote"
constexpr std::uint32_t kHeaderBytes = 16, kEndBytes = 8;

std::uint32_t whole_writes(const Flash& flash, std::uint32_t bytes) {
  return (bytes + flash.write_bytes - 1) / flash.write_bytes * flash.write_bytes;
}

struct Slot {
  std::uint32_t sequence = 0, size = 0;
  bool is_whole = false, is_readable = true;
};

/// Treats a failed read as a slot that is not whole: flash with error correction fails to read words that a loss of
/// power left half written.
Slot read_slot(const Flash& flash, std::uint32_t index) {
  constexpr Slot kUnreadable{0, 0, false, false};
  Slot slot;
  const std::uint32_t begin = index * flash.slot_bytes;
  unsigned char piece[kMaxFlashWrite];
  if (!flash.read(flash.context, begin, {piece, kHeaderBytes})) return kUnreadable;
  slot.sequence = load32(piece + 4);
  slot.size = load32(piece + 8);
  if (load32(piece) != kMark || load32(piece + 12) != ~slot.size || slot.size > flash_capacity(flash)) return slot;
  std::uint32_t crc = crc32({piece, kHeaderBytes});
  const std::uint32_t record = begin + whole_writes(flash, kHeaderBytes);
  for (std::uint32_t done = 0; done < slot.size;) {
    const std::uint32_t left = slot.size - done;
    const Memory part(piece, left < sizeof piece ? left : sizeof piece);
    if (!flash.read(flash.context, record + done, part)) return kUnreadable;
    crc = crc32(part, crc);
    done += static_cast<std::uint32_t>(part.size());
  }
  if (!flash.read(flash.context, record + whole_writes(flash, slot.size), {piece, kEndBytes})) return kUnreadable;
  slot.is_whole = load32(piece) == crc && load32(piece + 4) == ~crc;
  return slot;
}

/// Finds the newest record and the slot for the next one.
Result survey(const Flash& flash, FlashRecord& newest, std::uint32_t& next) {
  if (const Result result = check(flash); !result.ok()) return result;
  const Slot slots[] = {read_slot(flash, 0), read_slot(flash, 1)};
  if (!slots[0].is_whole && !slots[1].is_whole) {
    next = slots[0].is_readable ? 0 : 1;  // a slot that was read and is not whole holds no record
    return slots[next].is_readable ? Status::flash_empty : Status::read_failed;
  }
  // Sequence numbers wrap around: the newer one is less than 2^31 ahead.
  const bool second_is_newer = slots[1].sequence - slots[0].sequence < 0x80000000u;
  const std::uint32_t index = slots[1].is_whole && (!slots[0].is_whole || second_is_newer) ? 1 : 0;
  newest = {flash, index, slots[index].sequence, slots[index].size};
  next = 1 - index;
  return Status::ok;
}

bool read_record_bytes(void* context, std::uint64_t offset, Memory to) {
  const FlashRecord& record = *static_cast<const FlashRecord*>(context);
  const Flash& flash = record.flash;
  const std::uint32_t begin = record.slot * flash.slot_bytes + whole_writes(flash, kHeaderBytes);
  return flash.read(flash.context, begin + static_cast<std::uint32_t>(offset), to);
}

}  // namespace

Result check(const Flash& flash) {
  const std::uint32_t unit = flash.write_bytes;
  const bool is_unit = unit != 0 && unit <= kMaxFlashWrite && (unit & (unit - 1)) == 0;
  const bool fits = is_unit && flash.slot_bytes % unit == 0 && flash.slot_bytes <= 0x7fffffff &&
                    flash.slot_bytes >= whole_writes(flash, kHeaderBytes) + whole_writes(flash, kEndBytes);
  return fits ? Status::ok : Status::flash_geometry;
}

std::uint32_t flash_capacity(const Flash& flash) {
  return flash.slot_bytes - whole_writes(flash, kHeaderBytes) - whole_writes(flash, kEndBytes);
}

Result find_newest(const Flash& flash, FlashRecord& record) {
  std::uint32_t next = 0;
  return survey(flash, record, next);
}

ByteSource source_of(const FlashRecord& record) {
  return {record.size, read_record_bytes, const_cast<FlashRecord*>(&record)};
}

Result write_record(const Flash& flash, Bytes bytes) {
  FlashWriter writer;
  if (const Result result = writer.begin(flash, bytes.size()); !result.ok()) return result;
  const ByteSink sink = writer.sink();
  return sink.write(sink.context, bytes) ? writer.commit() : Result(Status::write_failed);
}

Result read_record(const Flash& flash, Memory memory, Bytes& record) {
  FlashRecord newest;
  if (const Result result = find_newest(flash, newest); !result.ok()) return result;
  if (newest.size > memory.size()) return {Status::memory_too_small, memory.size(), newest.size};
  const Memory copy = memory.subspan(0, newest.size);
  if (!read_record_bytes(&newest, 0, copy)) return Status::read_failed;
  record = copy;
  return Status::ok;
}

Result FlashWriter::begin(const Flash& flash, std::uint64_t size) {
  ok_ = false;
  FlashRecord newest;
  std::uint32_t next = 0;
  const Result found = survey(flash, newest, next);
  if (!found.ok() && found.status != Status::flash_empty) return found;
  if (size > flash_capacity(flash)) return {Status::flash_full, size, flash_capacity(flash)};
  record_ = {flash, next, newest.sequence + 1, static_cast<std::uint32_t>(size)};
  at_ = record_.slot * flash.slot_bytes;
  left_ = record_.size;
  used_ = 0;
  crc_ = 0;
  unsigned char header[kHeaderBytes];
  store32(kMark, header);
  store32(record_.sequence, header + 4);
  store32(record_.size, header + 8);
  store32(~record_.size, header + 12);
  ok_ = flash.erase(flash.context, at_, flash.slot_bytes) && put(header) && flush();
  return ok_ ? Status::ok : Status::write_failed;
}

Result FlashWriter::commit() {
  const bool is_complete = ok_ && left_ == 0 && flush();
  ok_ = false;
  if (!is_complete) return Status::write_failed;
  unsigned char end[kEndBytes];
  store32(crc_, end);
  store32(~crc_, end + 4);
  if (!put(end) || !flush()) return Status::write_failed;
  const Slot slot = read_slot(record_.flash, record_.slot);
  if (!slot.is_readable) return Status::read_failed;
  return slot.is_whole && slot.sequence == record_.sequence ? Status::ok : Status::write_failed;
}

bool FlashWriter::write_bytes(void* context, Bytes bytes) {
  FlashWriter& writer = *static_cast<FlashWriter*>(context);
  if (!writer.ok_ || bytes.size() > writer.left_) return writer.ok_ = false;
  writer.left_ -= static_cast<std::uint32_t>(bytes.size());
  return writer.ok_ = writer.put(bytes);
}

/// Buffers bytes and writes full buffers.
bool FlashWriter::put(Bytes bytes) {
  crc_ = crc32(bytes, crc_);
  while (!bytes.empty()) {
    const std::size_t room = sizeof buffer_ - used_;  // the buffer is a multiple of the unit of writes
    const std::size_t count = bytes.size() < room ? bytes.size() : room;
    __builtin_memcpy(buffer_ + used_, bytes.data(), count);
    used_ += count;
    bytes = bytes.subspan(count, bytes.size() - count);
    if (count == room && !flush()) return false;
  }
  return true;
}

/// Writes the buffer, padded with 0xff.
bool FlashWriter::flush() {
  const Flash& flash = record_.flash;
  const std::uint32_t size = whole_writes(flash, static_cast<std::uint32_t>(used_));
  while (used_ < size) buffer_[used_++] = 0xff;
  const bool is_written = used_ == 0 || flash.write(flash.context, at_, {buffer_, used_});
  at_ += size;
  used_ = 0;
  return is_written;
}

}  // namespace mote
