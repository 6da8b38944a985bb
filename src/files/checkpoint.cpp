// SPDX-License-Identifier: MIT
#include "mote/checkpoint.hpp"

#include "../core/arithmetic.hpp"
#include "../core/byte_writer.hpp"
#include "../core/little_endian.hpp"
#include "mote/checksum.hpp"
#include "mote/instruction_set.hpp"

namespace mote {
namespace {

using detail::bits_of;
using detail::ByteWriter;

constexpr std::size_t kCheckpointMagicBytes = sizeof kCheckpointMagic - 1;
static_assert(kCheckpointMagicBytes == 8);
constexpr std::uint64_t kNoteBegin = 24, kCrcBytes = 4, kProgressBytes = 64;
constexpr std::size_t kPiece = 256;

/// f(context, name, value).
using Visitor = void (*)(void*, const char*, std::uint64_t);

void visit_settings(const Trainer& trainer, Visitor visitor, void* context) {
  const auto f = [&](const char* name, std::uint64_t value) { visitor(context, name, value); };
  const Topology& topology = trainer.topology();
  const TrainingOptions& options = trainer.options();
  f("layers", topology.layer_count);
  f("inputs", topology.inputs);
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    f("size of a layer", topology.layers[l].outputs);
    f("activation", static_cast<std::uint64_t>(topology.layers[l].activation));
    f("batch normalization", topology.layers[l].batch_norm);
  }
  f("padding of rows", kRowAlignment);
  f("loss", static_cast<std::uint64_t>(options.loss.kind));
  f("delta of the Huber loss", bits_of(options.loss.huber_delta));
  f("label smoothing", bits_of(options.loss.label_smoothing));
  f("optimizer", static_cast<std::uint64_t>(options.optimizer.method));
  f("momentum", bits_of(options.optimizer.momentum));
  f("beta1", bits_of(options.optimizer.beta1));
  f("beta2", bits_of(options.optimizer.beta2));
  f("epsilon", bits_of(options.optimizer.epsilon));
  f("rho", bits_of(options.optimizer.rho));
  f("weight decay", bits_of(options.optimizer.weight_decay));
  f("l1", bits_of(options.l1));
  f("l2", bits_of(options.l2));
  f("batch size", options.batch_size);
  f("shuffling", options.shuffle);
  f("seed", options.seed);
  f("decay of the learning rate", static_cast<std::uint64_t>(options.schedule.decay));
  f("steps of the decay", options.schedule.decay_steps);
  f("factor of the decay", bits_of(options.schedule.factor));
  f("warm-up", options.schedule.warmup_steps);
  f("clipping by norm", bits_of(options.clip_norm));
  f("clipping by value", bits_of(options.clip_value));
  f("max-norm", bits_of(options.max_norm));
  f("input dropout", bits_of(options.input_dropout));
  f("hidden dropout", bits_of(options.hidden_dropout));
  f("bootstrap", options.bootstrap);
  f("kept parameters", options.keep_parameters);
  f("samples", trainer.samples());
  f("fused multiply-add", arithmetic_is_fused());
}

/// Calls f(name, value) for all that the bits of training depend on, but for what may change on the way.
template <typename F>
void for_each_setting(const Trainer& trainer, F f) {
  visit_settings(
      trainer, [](void* context, const char* name, std::uint64_t value) { (*static_cast<F*>(context))(name, value); },
      &f);
}

std::uint64_t setting_count(const Trainer& trainer) {
  std::uint64_t count = 0;
  for_each_setting(trainer, [&](const char*, std::uint64_t) { ++count; });
  return count;
}

/// Calls f for the number in each field of the progress: f(std::uint32_t&), f(std::uint64_t&) or f(float&).
template <typename Progress, typename F>
void for_each_field(Progress& progress, F f) {
  f(progress.epochs);
  f(progress.position);
  f(progress.samples_seen);
  f(progress.steps);
  f(progress.learning_rate);
  f(progress.totals.sum);
  f(progress.totals.compensation);
  f(progress.totals.samples);
  f(progress.totals.correct);
  for (auto& word : progress.order_state.words) f(word);
}

/// The arrays, in their order.
template <typename AnyTrainer, typename F>
void for_each_array(AnyTrainer& trainer, F f) {
  f(trainer.model());
  f(trainer.optimizer_state());
  f(trainer.kept_model());
}

void put_progress(ByteWriter& out, const TrainingProgress& progress) {
  for_each_field(progress, [&](const auto& field) {
    if constexpr (sizeof field == 8) {
      out.long_word(field);
    } else {
      std::uint32_t bits;
      __builtin_memcpy(&bits, &field, sizeof bits);
      out.word(bits);
    }
  });
}

/// Reads one number after the other.
class Input {
 public:
  Input(const ByteSource& file, std::uint64_t offset) : file_(file), offset_(offset) {}

  std::uint32_t word() {
    if (at_ == size_) refill();
    at_ += 4;
    return detail::load32(piece_ + at_ - 4);
  }
  std::uint64_t number() {
    const std::uint64_t low = word();
    return low | std::uint64_t{word()} << 32;
  }
  float fraction() {
    const std::uint32_t bits = word();
    float x;
    __builtin_memcpy(&x, &bits, sizeof x);
    return x;
  }
  /// Byte of the file that comes next.
  std::uint64_t position() const { return offset_ - size_ + at_; }
  /// False after a failure, also past the end; numbers are 0 then.
  bool ok() const { return ok_; }

 private:
  void refill() {
    const std::uint64_t left = file_.size - offset_;
    size_ = left < kPiece ? static_cast<std::size_t>(left / 4 * 4) : kPiece;
    ok_ = ok_ && size_ != 0 && file_.read(file_.context, offset_, {piece_, size_});
    if (!ok_) {
      size_ = 4;
      __builtin_memset(piece_, 0, size_);
    }
    offset_ += ok_ ? size_ : 0;
    at_ = 0;
  }

  const ByteSource& file_;
  std::uint64_t offset_;  // what comes after the piece
  unsigned char piece_[kPiece];
  std::size_t size_ = 0, at_ = 0;
  bool ok_ = true;
};

/// Whether training can stand there; the arrays have been checked.
bool is_possible(const TrainingProgress& progress, const Trainer& trainer) {
  const std::uint32_t(&words)[4] = progress.order_state.words;
  const bool has_state = (words[0] | words[1] | words[2] | words[3]) != 0;  // a generator never has this one
  const std::uint64_t samples = trainer.samples(), batch = trainer.options().batch_size;
  const bool is_between = progress.position % batch == 0 || progress.position == samples;
  const bool can_count = progress.epochs <= static_cast<std::size_t>(-1);
  return has_state && can_count && progress.position <= samples && is_between &&
         (progress.epochs != 0 || progress.position == 0);
}

}  // namespace

std::uint64_t checkpoint_bytes(const Trainer& trainer, std::size_t note_bytes) {
  std::uint64_t bytes = kNoteBegin + note_bytes + 8 + 8 * setting_count(trainer) + kProgressBytes + kCrcBytes;
  for_each_array(trainer, [&](Span<const float> array) { bytes += 8 + array.size() * sizeof(float); });
  return bytes;
}

Result write_checkpoint(const Trainer& trainer, Bytes note, const ByteSink& sink) {
  ByteWriter out(&sink);
  out.bytes({reinterpret_cast<const unsigned char*>(kCheckpointMagic), kCheckpointMagicBytes});
  out.long_word(checkpoint_bytes(trainer, note.size()));
  out.long_word(note.size());
  out.bytes(note);
  out.long_word(setting_count(trainer));
  for_each_setting(trainer, [&](const char*, std::uint64_t value) { out.long_word(value); });
  put_progress(out, trainer.progress());
  for_each_array(trainer, [&](Span<const float> array) {
    out.long_word(array.size());
    for (const float x : array) out.bits(x);
  });
  out.flush();
  out.word(out.crc());
  out.flush();
  return out.ok() ? Status::ok : Status::write_failed;
}

Result check_checkpoint(const ByteSource& file, std::uint64_t& note_bytes) {
  unsigned char piece[kPiece];
  constexpr std::uint64_t kLeast = kNoteBegin + kCrcBytes;
  if (file.size < kLeast) return {Status::checkpoint_size, file.size, kLeast};
  if (!file.read(file.context, 0, {piece, kNoteBegin})) return Status::read_failed;
  if (__builtin_memcmp(piece, kCheckpointMagic, kCheckpointMagicBytes) != 0) return Status::checkpoint_magic;
  const std::uint64_t size = detail::load64(piece + 8), note = detail::load64(piece + 16);
  if (file.size != size) return {Status::checkpoint_size, file.size, size};
  std::uint32_t crc = 0;
  for (std::uint64_t offset = 0; offset < size - kCrcBytes;) {
    const std::uint64_t left = size - kCrcBytes - offset;
    const Memory part(piece, left < kPiece ? static_cast<std::size_t>(left) : kPiece);
    if (!file.read(file.context, offset, part)) return Status::read_failed;
    crc = crc32(part, crc);
    offset += part.size();
  }
  if (!file.read(file.context, size - kCrcBytes, {piece, kCrcBytes})) return Status::read_failed;
  if (crc != detail::load32(piece)) return {Status::checkpoint_checksum, crc, detail::load32(piece)};
  if (note > size - kLeast) return {Status::checkpoint_size, note, size - kLeast};
  note_bytes = note;
  return Status::ok;
}

Result read_checkpoint_note(const ByteSource& file, Memory note) {
  return note.empty() || file.read(file.context, kNoteBegin, note) ? Status::ok : Status::read_failed;
}

Result read_checkpoint(const ByteSource& file, const Dataset& dataset, Trainer& trainer, const char** difference) {
  std::uint64_t note = 0;
  if (const Result result = check_checkpoint(file, note); !result.ok()) return result;
  Input input(file, kNoteBegin + note);
  const char* differs = input.number() == setting_count(trainer) ? nullptr : "layers";
  for_each_setting(trainer, [&](const char* name, std::uint64_t value) {
    if (differs == nullptr && input.number() != value) differs = name;
  });
  if (!input.ok()) return Status::read_failed;
  const std::uint64_t expected = checkpoint_bytes(trainer, static_cast<std::size_t>(note));
  if (differs == nullptr && file.size != expected) return {Status::checkpoint_size, file.size, expected};
  if (differs != nullptr) {
    if (difference != nullptr) *difference = differs;
    return Status::checkpoint_differs;
  }
  TrainingProgress progress;
  for_each_field(progress, [&](auto& field) {
    if constexpr (sizeof field == 8) {
      field = input.number();
    } else {
      const std::uint32_t bits = input.word();
      __builtin_memcpy(&field, &bits, sizeof bits);
    }
  });
  if (!input.ok()) return Status::read_failed;
  std::uint64_t offset = input.position();
  bool fits = is_possible(progress, trainer), readable = true;
  for_each_array(trainer, [&](Span<const float> array) {
    Input count(file, offset);
    fits = fits && count.number() == array.size();
    readable = readable && count.ok();
    offset += 8 + array.size() * sizeof(float);
  });
  if (!readable) return Status::read_failed;
  if (!fits) return Status::checkpoint_progress;
  if (const Result result = trainer.resume(progress, dataset); !result.ok()) return result;
  for_each_array(trainer, [&](Span<float> array) {
    static_cast<void>(input.number());
    for (float& x : array) x = input.fraction();
  });
  return input.ok() ? Status::ok : Status::read_failed;
}

}  // namespace mote
