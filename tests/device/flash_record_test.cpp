// SPDX-License-Identifier: MIT
#include "mote/flash_record.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <random>
#include <string>
#include <utility>
#include <vector>

#include "mote/checkpoint.hpp"
#include "mote/checksum.hpp"
#include "mote/fine_tuning.hpp"
#include "support/guarded_memory.hpp"
#include "support/training_support.hpp"

namespace {

using mote::Bytes;
using mote::FlashRecord;
using mote::FlashWriter;
using mote::Result;
using mote::Status;

/// Flash memory whose power fails after a number of bytes were erased or written; the byte at which it fails is left
/// half written. Counts forbidden operations.
class Simulated {
 public:
  explicit Simulated(std::uint32_t slot_bytes, std::uint32_t unit, std::uint32_t seed = 1)
      : flash_{slot_bytes, unit, read, erase, write, this}, bytes_(2 * slot_bytes), random_(seed) {
    for (unsigned char& byte : bytes_) byte = static_cast<unsigned char>(random_());  // arbitrary content
    erased_.resize(bytes_.size());
  }
  Simulated(const Simulated& other) { *this = other; }
  Simulated& operator=(const Simulated& other) {
    flash_ = other.flash_, bytes_ = other.bytes_, erased_ = other.erased_, random_ = other.random_;
    left_ = other.left_, used_ = 0;
    flash_.context = this;
    return *this;
  }

  const mote::Flash& flash() const { return flash_; }
  void cut_after(std::size_t bytes) { left_ = bytes; }
  void power() { left_ = ~std::size_t{0}; }
  std::size_t used() const { return used_; }
  std::vector<unsigned char>& bytes() { return bytes_; }
  /// Makes the bytes of a slot from `offset` on unreadable until they are erased.
  void spoil(std::uint32_t slot, std::uint32_t offset) { spoiled_[slot] = offset; }

 private:
  bool spend() {
    ++used_;
    return left_ != 0 && left_-- != 0;
  }
  /// Some of the bits that are to change.
  unsigned char halfway(unsigned char from, unsigned char to) {
    return static_cast<unsigned char>(from ^ ((from ^ to) & random_()));
  }
  static bool read(void* context, std::uint32_t offset, mote::Memory to) {
    Simulated& self = *static_cast<Simulated*>(context);
    EXPECT_LE(offset + to.size(), self.bytes_.size());
    if (offset % self.flash_.slot_bytes + to.size() > self.spoiled_[offset / self.flash_.slot_bytes]) return false;
    std::copy_n(self.bytes_.begin() + offset, to.size(), to.begin());
    return true;
  }
  static bool erase(void* context, std::uint32_t offset, std::uint32_t size) {
    Simulated& self = *static_cast<Simulated*>(context);
    EXPECT_TRUE(offset % self.flash_.slot_bytes == 0 && size == self.flash_.slot_bytes);
    self.spoiled_[offset / self.flash_.slot_bytes] = kNever;
    for (std::size_t i = offset; i < offset + size; ++i) {
      if (!self.spend()) return self.bytes_[i] = self.halfway(self.bytes_[i], 0xff), false;
      self.bytes_[i] = 0xff;
      self.erased_[i] = true;
    }
    return true;
  }
  static bool write(void* context, std::uint32_t offset, Bytes bytes) {
    Simulated& self = *static_cast<Simulated*>(context);
    EXPECT_EQ(offset % self.flash_.write_bytes, 0u);
    EXPECT_EQ(bytes.size() % self.flash_.write_bytes, 0u);
    EXPECT_LE(offset + bytes.size(), self.bytes_.size());
    for (std::size_t i = 0; i < bytes.size(); ++i) {
      EXPECT_TRUE(self.erased_[offset + i]) << "written twice: " << offset + i;
      self.erased_[offset + i] = false;
      unsigned char& byte = self.bytes_[offset + i];
      if (!self.spend()) return byte = self.halfway(byte, bytes[i]), false;
      byte = bytes[i];
    }
    return true;
  }

  mote::Flash flash_;
  std::vector<unsigned char> bytes_;
  std::vector<bool> erased_;
  std::mt19937 random_;
  std::size_t left_ = ~std::size_t{0};
  std::size_t used_ = 0;
  static constexpr std::uint32_t kNever = 0xffffffffu;
  std::uint32_t spoiled_[2] = {kNever, kNever};
};

Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

Result save(Simulated& flash, const std::string& text, std::size_t piece = 7) {
  FlashWriter writer;
  if (const Result result = writer.begin(flash.flash(), text.size()); !result.ok()) return result;
  const mote::ByteSink sink = writer.sink();
  for (std::size_t i = 0; i < text.size(); i += piece) {
    const std::string part = text.substr(i, piece);
    if (!sink.write(sink.context, bytes_of(part))) return Status::write_failed;
  }
  return writer.commit();
}

/// The newest record, or "none".
std::string load(const Simulated& flash) {
  FlashRecord record;
  const Result found = find_newest(flash.flash(), record);
  if (found.status == Status::flash_empty) return "none";
  EXPECT_TRUE(found.ok());
  std::string text(record.size, '\0');
  const mote::ByteSource source = source_of(record);
  EXPECT_EQ(source.size, record.size);
  EXPECT_TRUE(source.read(source.context, 0, {reinterpret_cast<unsigned char*>(text.data()), text.size()}));
  return text;
}

std::string text_of(int number, std::size_t size) {
  std::string text = std::to_string(number) + ":";
  while (text.size() < size) text += static_cast<char>(text.size() * 37 + static_cast<std::size_t>(number) * 11);
  return text;
}

TEST(FlashRecord, BringsBackTheLastOfMany) {
  Simulated flash(1024, 8);
  EXPECT_EQ(load(flash), "none");
  for (int i = 0; i < 10; ++i) {
    const std::string text = text_of(i, static_cast<std::size_t>(20 + 99 * i));
    ASSERT_TRUE(save(flash, text).ok());
    EXPECT_EQ(load(flash), text);
  }
}

TEST(FlashRecord, OutlivesASlotThatCannotBeRead) {
  for (const std::uint32_t slot : {0u, 1u}) {
    for (const std::uint32_t offset : {0u, 8u, 64u, 920u}) {
      Simulated flash(1024, 8);
      flash.spoil(slot, offset);  // before anything was saved
      ASSERT_TRUE(save(flash, "first").ok()) << slot << " from " << offset;
      ASSERT_TRUE(save(flash, "second").ok());
      ASSERT_TRUE(save(flash, text_of(3, 900)).ok());
      FlashRecord third;
      ASSERT_TRUE(find_newest(flash.flash(), third).ok());
      flash.spoil(slot, offset);
      EXPECT_EQ(load(flash).substr(0, 6), slot == third.slot ? "second" : text_of(3, 6));
      ASSERT_TRUE(save(flash, "fourth").ok());
      EXPECT_EQ(load(flash), "fourth");
    }
  }
  Simulated flash(1024, 8);
  ASSERT_TRUE(save(flash, "only").ok());
  flash.spoil(0, 0);
  flash.spoil(1, 0);
  FlashRecord record;
  EXPECT_EQ(find_newest(flash.flash(), record).status, Status::read_failed);
  EXPECT_EQ(save(flash, "next").status, Status::read_failed);
}

TEST(FlashRecord, FillsASlotAndNoMore) {
  for (const std::uint32_t unit : {1u, 2u, 8u, 32u, 256u}) {
    Simulated flash(1024, unit);
    const std::string full = text_of(1, flash_capacity(flash.flash()));
    EXPECT_TRUE(save(flash, full).ok()) << unit;
    EXPECT_EQ(load(flash), full) << unit;
    const Result result = save(flash, full + "x");
    EXPECT_EQ(result.status, Status::flash_full);
    EXPECT_EQ(result.expected, full.size());
    EXPECT_EQ(load(flash), full) << unit;
  }
}

TEST(FlashRecord, RefusesGeometriesThatCannotBe) {
  for (const auto& [slot, unit] : {std::pair<std::uint32_t, std::uint32_t>{0, 1},
                                   {23, 1},
                                   {1024, 0},
                                   {1024, 3},
                                   {1024, 512},
                                   {1023, 8},
                                   {31, 16},
                                   {0x80000000u, 1}}) {
    mote::Flash flash;
    flash.slot_bytes = slot, flash.write_bytes = unit;
    EXPECT_EQ(check(flash).status, Status::flash_geometry) << slot << " " << unit;
    FlashRecord record;
    FlashWriter writer;
    EXPECT_EQ(find_newest(flash, record).status, Status::flash_geometry);
    EXPECT_EQ(writer.begin(flash, 0).status, Status::flash_geometry);
  }
}

TEST(FlashRecord, CommitsExactlyWhatWasAnnounced) {
  Simulated flash(256, 4);
  ASSERT_TRUE(save(flash, "old").ok());
  const std::string text = "123456";
  for (const std::size_t announced : {5u, 7u}) {
    FlashWriter writer;
    ASSERT_TRUE(writer.begin(flash.flash(), announced).ok());
    const mote::ByteSink sink = writer.sink();
    EXPECT_EQ(sink.write(sink.context, bytes_of(text)), announced == 7);
    EXPECT_EQ(writer.commit().status, Status::write_failed);
    EXPECT_EQ(writer.commit().status, Status::write_failed);
    EXPECT_EQ(load(flash), "old");
  }
  FlashWriter never_begun;
  EXPECT_EQ(never_begun.commit().status, Status::write_failed);
}

TEST(FlashRecord, IsWrittenAndReadInOneCall) {
  Simulated flash(256, 4);
  unsigned char memory[8] = {};
  Bytes record;
  EXPECT_EQ(read_record(flash.flash(), memory, record).status, Status::flash_empty);
  ASSERT_TRUE(write_record(flash.flash(), bytes_of("old")).ok());
  ASSERT_TRUE(write_record(flash.flash(), bytes_of("learned")).ok());
  EXPECT_EQ(write_record(flash.flash(), bytes_of(std::string(256, 'x'))).status, Status::flash_full);
  ASSERT_TRUE(read_record(flash.flash(), memory, record).ok());
  EXPECT_EQ(std::string(record.begin(), record.end()), "learned");
  EXPECT_EQ(record.data(), memory);
  const Result result = read_record(flash.flash(), {memory, 6}, record);
  EXPECT_TRUE(result.status == Status::memory_too_small && result.found == 6 && result.expected == 7);
  flash.cut_after(260);
  EXPECT_EQ(write_record(flash.flash(), bytes_of("newest")).status, Status::write_failed);
  flash.power();
  EXPECT_EQ(load(flash), "learned");
}

/// Locked flash may report success and change nothing: the slot keeps its older record, which is whole.
TEST(FlashRecord, TellsThatFlashKeptAnOlderRecord) {
  Simulated flash(256, 4);
  ASSERT_TRUE(save(flash, "first").ok());
  ASSERT_TRUE(save(flash, "second").ok());
  mote::Flash locked = flash.flash();
  locked.erase = [](void*, std::uint32_t, std::uint32_t) { return true; };
  locked.write = [](void*, std::uint32_t, Bytes) { return true; };
  FlashWriter writer;
  ASSERT_TRUE(writer.begin(locked, 5).ok());
  const mote::ByteSink sink = writer.sink();
  EXPECT_TRUE(sink.write(sink.context, bytes_of("third")));
  EXPECT_EQ(writer.commit().status, Status::write_failed);
  EXPECT_EQ(load(flash), "second");
}

/// A cut at every byte of a save leaves the old or the new record complete, and the next save succeeds.
TEST(FlashRecord, SurvivesAPowerCutAtEveryByte) {
  std::size_t cuts = 0, kept_old = 0;
  for (const std::uint32_t unit : {1u, 4u, 8u, 32u, 256u}) {
    for (int before = 0; before < 4; ++before) {  // records saved before; from 1 on the slot to erase is in use
      Simulated start(1024, unit, unit);
      std::string old = "none";
      for (int i = 0; i < before; ++i) {
        old = text_of(i, 300);
        ASSERT_TRUE(save(start, old).ok());
      }
      const std::string fresh = text_of(before, 317), next = text_of(before + 1, 5);
      Simulated whole = start;
      ASSERT_TRUE(save(whole, fresh).ok());
      for (std::size_t cut = 0; cut < whole.used(); ++cut) {
        Simulated flash = start;
        flash.cut_after(cut);
        EXPECT_EQ(save(flash, fresh).status, Status::write_failed);
        flash.power();
        const std::string found = load(flash);
        ASSERT_TRUE(found == old || found == fresh) << "unit " << unit << ", cut after " << cut << " bytes";
        ASSERT_TRUE(save(flash, next).ok());
        ASSERT_EQ(load(flash), next);
        ++cuts;
        kept_old += found == old;
      }
      EXPECT_EQ(load(whole), fresh);
    }
  }
  EXPECT_GT(cuts, 20000u);
  EXPECT_GT(kept_old, cuts / 2);  // the new record is complete if only padding is missing
  EXPECT_LT(kept_old, cuts);
  std::printf("cuts %zu, old record %zu, new record %zu\n", cuts, kept_old, cuts - kept_old);
}

/// Every bit of both slots: the record that was damaged does not count.
TEST(FlashRecord, LetsNoFlippedBitIn) {
  Simulated flash(128, 8);
  const std::string old = text_of(1, 30), fresh = text_of(2, 41);
  ASSERT_TRUE(save(flash, old).ok());
  ASSERT_TRUE(save(flash, fresh).ok());
  std::size_t fell_back = 0;
  for (std::size_t bit = 0; bit < 8 * flash.bytes().size(); ++bit) {
    Simulated damaged = flash;
    damaged.bytes()[bit / 8] = static_cast<unsigned char>(damaged.bytes()[bit / 8] ^ 1u << bit % 8);
    const std::string found = load(damaged);
    ASSERT_TRUE(found == old || found == fresh) << bit;
    fell_back += found == old;
  }
  EXPECT_EQ(fell_back, 8u * (16 + 41 + 8));
}

void append32(std::uint32_t value, std::string& text) {
  for (int shift = 0; shift < 32; shift += 8) text += static_cast<char>(value >> shift);
}

/// The bytes of a slot, built from the description in the header.
std::string slot_of(std::uint32_t sequence, const std::string& record) {
  std::string slot = "mote";
  const auto size = static_cast<std::uint32_t>(record.size());
  for (const std::uint32_t word : {sequence, size, ~size}) append32(word, slot);
  slot += record;
  const std::uint32_t crc = mote::crc32(bytes_of(slot));
  append32(crc, slot);
  append32(~crc, slot);
  return slot;
}

TEST(FlashRecord, CountsOnPastTheLargestNumber) {
  for (const std::uint32_t first : {0u, 0x7fffffffu, 0xffffffffu}) {
    for (const std::size_t newer : {0u, 1u}) {
      Simulated flash(128, 1);
      const std::string slots[] = {slot_of(newer == 0 ? first + 1 : first, newer == 0 ? "new" : "old"),
                                   slot_of(newer == 1 ? first + 1 : first, newer == 1 ? "new" : "old")};
      for (std::size_t i = 0; i < 2; ++i)
        std::copy(slots[i].begin(), slots[i].end(), flash.bytes().begin() + 128 * static_cast<std::ptrdiff_t>(i));
      EXPECT_EQ(load(flash), "new") << first << " in slot " << 1 - newer;
      ASSERT_TRUE(save(flash, "newest").ok());
      FlashRecord record;
      ASSERT_TRUE(find_newest(flash.flash(), record).ok());
      EXPECT_EQ(record.sequence, first + 2);
      EXPECT_EQ(load(flash), "newest");
    }
  }
}

/// A network of 205 KB, whose last layer learns in RAM: whatever the cut, the device restarts with all of the earlier
/// or all of the later parameters.
TEST(FlashRecord, KeepsWhatADeviceLearnedThroughAPowerCutAtEveryByte) {
  constexpr mote::Topology t{784, {256, mote::Activation::relu}, {10, mote::Activation::softmax}};
  std::mt19937 random(3);
  std::vector<std::int8_t> weights(mote::flash_weight_count(t));
  for (std::int8_t& weight : weights) weight = static_cast<std::int8_t>(random() >> 24);
  const std::vector<float> biases(mote::flash_row_count(t)), factors(biases.size(), 0.001f);
  const mote::FlashModel model(t, mote::Span<const std::int8_t>(weights.data(), weights.size()),
                               {biases.data(), biases.size()}, {factors.data(), factors.size()});
  mote::FineTuningOptions options;
  options.set_half_weights(true).set_optimizer({mote::Optimizer::sgd, 0.02f});
  GuardedMemory memories[] = {GuardedMemory(mote::fine_tuning_bytes(t, options)),
                              GuardedMemory(mote::fine_tuning_bytes(t, options))};
  mote::FineTuning tuning, restarted;
  ASSERT_TRUE(tuning.bind(model, options, memories[0].memory()).ok());
  ASSERT_TRUE(restarted.bind(model, options, memories[1].memory()).ok());
  const auto learn = [&] {
    std::uint8_t pixels[784];
    for (std::uint8_t& pixel : pixels) pixel = static_cast<std::uint8_t>(random() >> 24);
    EXPECT_TRUE(tuning.train(pixels, 1.0f / 255.0f, static_cast<std::uint8_t>(random() % 10)).ok());
    return std::string(tuning.learned().begin(), tuning.learned().end());
  };
  Simulated start(8192, 8);
  std::string records[3];
  for (std::string& record : records) ASSERT_TRUE(save(start, record = learn(), 1000).ok());
  const std::string &old = records[2], fresh = learn();
  Simulated whole = start;
  ASSERT_TRUE(save(whole, fresh, 1000).ok());
  std::size_t kept_old = 0;
  for (std::size_t cut = 0; cut < whole.used(); ++cut) {
    Simulated flash = start;
    flash.cut_after(cut);
    EXPECT_EQ(save(flash, fresh, 1000).status, Status::write_failed);
    flash.power();
    const std::string found = load(flash);
    ASSERT_TRUE(found == old || found == fresh) << "cut after " << cut << " bytes";
    kept_old += found == old;
    ASSERT_TRUE(restarted.restore(bytes_of(found)).ok());
    ASSERT_EQ(std::string(restarted.learned().begin(), restarted.learned().end()), found);
  }
  EXPECT_GT(kept_old, 8192u + 5000u);
  EXPECT_EQ(load(whole), fresh);
  std::printf("cuts %zu of %zu bytes learned, earlier parameters %zu\n", whole.used(), fresh.size(), kept_old);
}

/// The example of the header: training resumes from flash, through a cut.
TEST(FlashRecord, HoldsACheckpoint) {
  const training::Samples samples(training::kSmall, 20);
  const mote::TrainingOptions options = training::with_batch(5, 256, mote::Optimizer::adam);
  training::Bound whole(training::kSmall, options, 20), first(training::kSmall, options, 20);
  const std::uint32_t expected = whole.train(samples.dataset, 2);
  Simulated flash(16384, 8);
  const auto save = [&] {
    FlashWriter writer;
    const Result begun = writer.begin(flash.flash(), checkpoint_bytes(first.trainer, 0));
    const Result written = begun.ok() ? write_checkpoint(first.trainer, {}, writer.sink()) : begun;
    return written.ok() ? writer.commit() : written;
  };
  first.train(samples.dataset);
  ASSERT_TRUE(save().ok());
  first.train(samples.dataset);
  flash.cut_after(20000);  // erasing takes 16384
  EXPECT_EQ(save().status, Status::write_failed);
  flash.power();
  training::Bound second(training::kSmall, options, 20);
  FlashRecord record;
  ASSERT_TRUE(find_newest(flash.flash(), record).ok());
  ASSERT_TRUE(read_checkpoint(source_of(record), samples.dataset, second.trainer).ok());
  EXPECT_EQ(second.train(samples.dataset), expected);
}

TEST(FlashRecord, RefusesHeadersOfOtherMarksAndSizes) {
  const auto load_with = [](std::string slot, std::uint32_t size, std::uint32_t complement) {
    for (const std::uint32_t word : {1u, size, complement}) append32(word, slot);
    slot += "record";
    const std::uint32_t crc = mote::crc32(bytes_of(slot));
    append32(crc, slot);
    append32(~crc, slot);
    Simulated flash(128, 1);
    std::copy(slot.begin(), slot.end(), flash.bytes().begin());
    return load(flash);
  };
  EXPECT_EQ(load_with("mote", 6, ~6u), "record");
  EXPECT_EQ(load_with("mate", 6, ~6u), "none");
  EXPECT_EQ(load_with("mote", 6, ~7u), "none");
  EXPECT_EQ(load_with("mote", 128 - 24 + 1, ~(128u - 24 + 1)), "none");
  EXPECT_EQ(load_with("mote", 0x7fffff00u, ~0x7fffff00u), "none");
}

}  // namespace
