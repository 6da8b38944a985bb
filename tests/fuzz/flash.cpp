// SPDX-License-Identifier: MIT
// Two slots of flash memory. The first six bytes: size of a write, size of a slot, number of bytes of the next save
// before power fails, size of its record. The rest is the contents of the memory, erased behind its end. The mutator
// mostly repairs the CRC of one slot afterwards.
#include "mote/flash_record.hpp"

#include <algorithm>
#include <random>
#include <vector>

#include "core/little_endian.hpp"
#include "fuzz.hpp"

namespace {

constexpr std::size_t kHeadBytes = 6;

/// write_bytes and slot_bytes, including impossible values.
mote::Flash geometry_of(fuzz::Input& input) {
  mote::Flash flash;
  const std::uint32_t unit = input.byte();
  flash.write_bytes = unit < 0xf0 ? 1u << unit % 9 : unit;
  const std::uint32_t units = input.byte();
  flash.slot_bytes = units * std::min(flash.write_bytes, 8u);
  return flash;
}

/// Flash memory that loses power after a number of bytes were erased or written.
class Medium {
 public:
  Medium(mote::Flash flash, mote::Bytes content) : flash_(flash), bytes_(2 * std::size_t{flash.slot_bytes}, 0xff) {
    std::copy_n(content.begin(), std::min(content.size(), bytes_.size()), bytes_.begin());
    flash_.read = read, flash_.erase = erase, flash_.write = write, flash_.context = this;
  }
  Medium(const Medium&) = delete;
  Medium& operator=(const Medium&) = delete;

  const mote::Flash& flash() const { return flash_; }
  void cut_after(std::size_t bytes) { left_ = bytes; }

 private:
  void require_inside(std::size_t offset, std::size_t size) const {
    fuzz::require(offset <= bytes_.size() && size <= bytes_.size() - offset, "nothing outside of the slots is touched");
  }
  bool change(std::size_t at, unsigned char to) {
    if (left_ == 0) return false;
    --left_;
    bytes_[at] = to;
    return true;
  }
  static bool read(void* context, std::uint32_t offset, mote::Memory to) {
    const Medium& self = *static_cast<Medium*>(context);
    self.require_inside(offset, to.size());
    std::copy_n(self.bytes_.begin() + offset, to.size(), to.begin());
    return true;
  }
  static bool erase(void* context, std::uint32_t offset, std::uint32_t size) {
    Medium& self = *static_cast<Medium*>(context);
    self.require_inside(offset, size);
    fuzz::require(offset % self.flash_.slot_bytes == 0 && size == self.flash_.slot_bytes, "whole slots are erased");
    for (std::size_t i = offset; i < offset + std::size_t{size}; ++i) {
      if (!self.change(i, 0xff)) return false;
    }
    return true;
  }
  static bool write(void* context, std::uint32_t offset, mote::Bytes bytes) {
    Medium& self = *static_cast<Medium*>(context);
    self.require_inside(offset, bytes.size());
    const std::uint32_t unit = self.flash_.write_bytes;
    fuzz::require(offset % unit == 0 && bytes.size() % unit == 0, "writes are whole and aligned");
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      fuzz::require(self.bytes_[offset + i] == 0xff, "only erased bytes are written");
      if (!self.change(offset + i, bytes[i])) return false;
    }
    return true;
  }

  mote::Flash flash_;
  std::vector<unsigned char> bytes_;
  std::size_t left_ = ~std::size_t{0};
};

/// '+' and the newest record, or "none".
std::string load(const Medium& medium) {
  mote::FlashRecord record;
  const mote::Result found = find_newest(medium.flash(), record);
  if (!found.ok()) return found.status == mote::Status::flash_empty ? "none" : "refused";
  fuzz::require(record.size <= flash_capacity(medium.flash()), "a record fits into a slot");
  std::vector<unsigned char> bytes(record.size);
  const mote::ByteSource source = source_of(record);
  fuzz::require(source.size == record.size && source.read(source.context, 0, {bytes.data(), bytes.size()}),
                "a record can be read");
  return "+" + std::string(bytes.begin(), bytes.end());
}

mote::Result save(const Medium& medium, const std::string& text) {
  mote::FlashWriter writer;
  if (const mote::Result result = writer.begin(medium.flash(), text.size()); !result.ok()) return result;
  const mote::ByteSink sink = writer.sink();
  if (!sink.write(sink.context, {reinterpret_cast<const unsigned char*>(text.data()), text.size()})) {
    return mote::Status::write_failed;
  }
  return writer.commit();
}

}  // namespace

int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  fuzz::Input input(data, size);
  const mote::Flash flash = geometry_of(input);
  const std::size_t cut = input.two_bytes();
  const std::string fresh(input.two_bytes() % 1024, 'n');
  Medium medium(flash, input.rest());
  const std::string old = load(medium);
  if (!check(flash).ok()) {
    fuzz::require(old == "refused", "an impossible geometry is refused");
    return 0;
  }
  medium.cut_after(cut);
  const bool is_saved = save(medium, fresh).ok();
  medium.cut_after(~std::size_t{0});
  const std::string found = load(medium);
  fuzz::require(found == (is_saved ? "+" + fresh : old) || found == "+" + fresh,
                "a save that was cut leaves the last record or the new one");
  const std::string next(fresh.size() % (flash_capacity(flash) + 1), 'x');
  fuzz::require(save(medium, next).ok() && load(medium) == "+" + next, "after a cut, records are saved as before");
  return 0;
}

std::size_t LLVMFuzzerCustomMutator(std::uint8_t* data, std::size_t size, std::size_t room, unsigned seed) {
  size = LLVMFuzzerMutate(data, size, room);
  std::minstd_rand random(seed);
  fuzz::Input input(data, size);
  const mote::Flash flash = geometry_of(input);
  if (random() % 8 == 0 || !check(flash).ok()) return size;
  const auto whole = [&](std::size_t bytes) {
    return (bytes + flash.write_bytes - 1) / flash.write_bytes * flash.write_bytes;
  };
  std::uint8_t* slot = data + kHeadBytes + random() % 2 * flash.slot_bytes;
  if (slot + flash.slot_bytes > data + size) return size;
  const std::uint32_t record = mote::detail::load32(slot + 8) % (flash_capacity(flash) + 1);
  mote::detail::store32(0x65746f6d, slot);  // the mark
  mote::detail::store32(record, slot + 8);
  mote::detail::store32(~record, slot + 12);
  std::uint32_t crc = mote::crc32({slot, 16});
  crc = mote::crc32({slot + whole(16), record}, crc);
  std::uint8_t* end = slot + whole(16) + whole(record);
  mote::detail::store32(crc, end);
  mote::detail::store32(~crc, end + 4);
  return size;
}
