// SPDX-License-Identifier: MIT
#include "mote/checkpoint.hpp"

#include "../core/arithmetic.hpp"
#include "../core/bytes.hpp"
#include "../core/little_endian.hpp"
#include "mote/detail/finite.hpp"
#include "mote/instruction_set.hpp"

namespace mote {
namespace {

using detail::bits_of;
using detail::ByteReader;
using detail::ByteWriter;

static_assert(sizeof kCheckpointMagic == 8 + 1);
constexpr std::uint64_t kNoteBegin = 24, kCrcBytes = 4, kProgressBytes = 68;

using Visitor = void (*)(void*, const char*, std::uint64_t);

void visit_settings(const Trainer& trainer, Visitor visitor, void* context) {
  const auto f = [&](const char* name, std::uint64_t value) { visitor(context, name, value); };
  const Topology& topology = trainer.topology();
  const TrainingOptions& options = trainer.options();
  f("layers", topology.layer_count);
  f("inputs", topology.inputs);
  for (std::size_t l = 0; l < topology.layer_count; ++l) {
    f("layer size", topology.layers[l].outputs);
    f("activation", static_cast<std::uint64_t>(topology.layers[l].activation));
    f("batch normalization", topology.layers[l].batch_norm);
  }
  f("row padding", kRowAlignment);
  f("loss", static_cast<std::uint64_t>(options.loss.kind));
  f("Huber delta", bits_of(options.loss.huber_delta));
  f("label smoothing", bits_of(options.loss.label_smoothing));
  f("optimizer", static_cast<std::uint64_t>(options.optimizer.method));
  f("momentum", bits_of(options.optimizer.momentum));
  f("beta1", bits_of(options.optimizer.beta1));
  f("beta2", bits_of(options.optimizer.beta2));
  f("epsilon", bits_of(options.optimizer.epsilon));
  f("place of epsilon", options.optimizer.epsilon_inside);
  f("rho", bits_of(options.optimizer.rho));
  f("weight decay", bits_of(options.optimizer.weight_decay));
  f("l1", bits_of(options.l1));
  f("l2", bits_of(options.l2));
  f("batch size", options.batch_size);
  f("shuffling", options.shuffle);
  f("seed", options.seed);
  f("learning rate schedule", static_cast<std::uint64_t>(options.schedule.decay));
  f("decay steps", options.schedule.decay_steps);
  f("decay factor", bits_of(options.schedule.factor));
  f("warm-up", options.schedule.warmup_steps);
  f("norm clipping", bits_of(options.clip_norm));
  f("value clipping", bits_of(options.clip_value));
  f("max-norm", bits_of(options.max_norm));
  f("input dropout", bits_of(options.input_dropout));
  for (std::size_t l = 0; l + 1 < topology.layer_count; ++l) f("hidden dropout", bits_of(options.dropout_of(l)));
  f("bootstrap", options.bootstrap);
  f("kept parameters", options.keep_parameters);
  f("samples", trainer.samples());
  f("fused multiply-add", arithmetic_is_fused());
}

/// Calls f(name, value) for every setting that determines the bits of training, so that resuming requires equal values.
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

/// Calls f(number) for each number of the progress, of 4 or 8 bytes.
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
  f(progress.transformation);
}

/// Calls f(floats) for the arrays in file order.
template <typename AnyTrainer, typename F>
void for_each_array(AnyTrainer& trainer, F f) {
  f(trainer.learned());
  f(trainer.optimizer_state());
  f(trainer.kept());
}

/// Reads the settings. Returns the name of the first that differs from the trainer's, or null.
const char* find_difference(ByteReader& reader, const Trainer& trainer) {
  const char* differs = reader.word64() == setting_count(trainer) ? nullptr : "layers";
  for_each_setting(trainer, [&](const char* name, std::uint64_t value) {
    if (differs == nullptr && reader.word64() != value) differs = name;
  });
  return differs;
}

TrainingProgress read_progress(ByteReader& reader) {
  TrainingProgress progress;
  for_each_field(progress, [&](auto& field) {
    if constexpr (sizeof field == 8) {
      field = reader.word64();
    } else {
      const std::uint32_t bits = reader.word32();
      __builtin_memcpy(&field, &bits, sizeof bits);
    }
  });
  return progress;
}

/// Whether a trainer can continue from this progress.
bool is_possible(const TrainingProgress& progress, const Trainer& trainer) {
  const std::uint32_t(&words)[4] = progress.order_state.words;
  const bool has_state = (words[0] | words[1] | words[2] | words[3]) != 0;  // no generator reaches state 0
  const std::uint64_t samples = trainer.samples(), batch = trainer.options().batch_size;
  const bool is_between = progress.position % batch == 0 || progress.position == samples;
  const bool can_count = progress.epochs <= static_cast<std::size_t>(-1);
  return has_state && can_count && progress.position <= samples && is_between &&
         (progress.epochs != 0 || progress.position == 0);
}

/// Checks the sizes of the arrays, which begin at `offset` of the file, and that parameters are finite, except those
/// within an epoch.
Result check_arrays(const ByteSource& file, std::uint64_t offset, const Trainer& trainer, bool is_within_epoch) {
  Result result;
  std::uint64_t at = offset, index = 0;
  for_each_array(trainer, [&](Span<const float> array) {
    ByteReader reader(file, at, file.size);
    const bool fits = reader.word64() == array.size();
    const bool is_free = index == 1 || (index == 0 && is_within_epoch);
    bool is_finite = true;
    for (std::size_t i = 0; fits && !is_free && i < array.size(); ++i) is_finite &= detail::is_finite(reader.float32());
    if (result.ok() && !reader.ok()) result = Status::read_failed;
    if (result.ok() && !fits) result = Status::checkpoint_progress;
    if (result.ok() && !is_finite) result = {Status::checkpoint_number, index};
    at += 8 + array.size() * sizeof(float);
    ++index;
  });
  return result;
}

}  // namespace

std::uint64_t checkpoint_bytes(const Trainer& trainer, std::size_t note_bytes) {
  std::uint64_t bytes = kNoteBegin + note_bytes + 8 + 8 * setting_count(trainer) + kProgressBytes + kCrcBytes;
  for_each_array(trainer, [&](Span<const float> array) { bytes += 8 + array.size() * sizeof(float); });
  return bytes;
}

Result write_checkpoint(const Trainer& trainer, Bytes note, const ByteSink& sink) {
  ByteWriter out(&sink);
  out.print(kCheckpointMagic);
  out.word64(checkpoint_bytes(trainer, note.size()));
  out.word64(note.size());
  out.bytes(note);
  out.word64(setting_count(trainer));
  for_each_setting(trainer, [&](const char*, std::uint64_t value) { out.word64(value); });
  const TrainingProgress progress = trainer.progress();
  for_each_field(progress, [&](const auto& field) {
    if constexpr (sizeof field == 8) {
      out.word64(field);
    } else {
      std::uint32_t bits;
      __builtin_memcpy(&bits, &field, sizeof bits);
      out.word32(bits);
    }
  });
  for_each_array(trainer, [&](Span<const float> array) {
    out.word64(array.size());
    for (const float x : array) out.float32(x);
  });
  out.flush();
  out.word32(out.crc());
  out.flush();
  return out.ok() ? Status::ok : Status::write_failed;
}

Result check_checkpoint(const ByteSource& file, std::uint64_t& note_bytes) {
  constexpr std::uint64_t kLeast = kNoteBegin + kCrcBytes;
  if (file.size < kLeast) return {Status::checkpoint_size, file.size, kLeast};
  ByteReader begin(file, 0, kNoteBegin), end(file, file.size - kCrcBytes, file.size);
  const std::uint64_t magic = begin.word64(), size = begin.word64(), note = begin.word64();
  if (!begin.ok()) return Status::read_failed;
  if (magic != detail::load64(reinterpret_cast<const unsigned char*>(kCheckpointMagic)))
    return Status::checkpoint_magic;
  if (file.size != size) return {Status::checkpoint_size, file.size, size};
  std::uint32_t crc = 0;
  const std::uint32_t stated = end.word32();
  if (!end.ok() || !detail::add_crc(file, 0, size - kCrcBytes, crc)) return Status::read_failed;
  if (crc != stated) return {Status::checkpoint_checksum, crc, stated};
  if (note > size - kLeast) return {Status::checkpoint_size, note, size - kLeast};
  note_bytes = note;
  return Status::ok;
}

Result read_checkpoint_note(const ByteSource& file, Memory note) {
  return note.empty() || detail::read_bytes(file, kNoteBegin, note) ? Status::ok : Status::read_failed;
}

Result read_checkpoint(const ByteSource& file, const Dataset& dataset, Trainer& trainer, const char** difference) {
  std::uint64_t note = 0;
  if (const Result result = check_checkpoint(file, note); !result.ok()) return result;
  ByteReader reader(file, kNoteBegin + note, file.size);
  const char* differs = find_difference(reader, trainer);
  if (!reader.ok()) return Status::read_failed;
  if (differs != nullptr) {
    if (difference != nullptr) *difference = differs;
    return Status::checkpoint_differs;
  }
  const std::uint64_t expected = checkpoint_bytes(trainer, static_cast<std::size_t>(note));
  if (file.size != expected) return {Status::checkpoint_size, file.size, expected};
  const TrainingProgress progress = read_progress(reader);
  if (!reader.ok()) return Status::read_failed;
  const bool is_within_epoch = progress.position < trainer.samples();
  if (const Result result = check_arrays(file, reader.position(), trainer, is_within_epoch); !result.ok()) {
    return result;
  }
  if (!is_possible(progress, trainer)) return Status::checkpoint_progress;
  if (progress.transformation != (progress.epochs == 0 ? 0 : transformation_hash(dataset))) {
    if (difference != nullptr) *difference = "offset or scale of inputs";
    return Status::checkpoint_differs;
  }
  if (const Result result = trainer.resume(progress, dataset); !result.ok()) return result;
  for_each_array(trainer, [&](Span<float> array) {
    static_cast<void>(reader.word64());
    for (float& x : array) x = reader.float32();
  });
  return reader.ok() ? Status::ok : Status::read_failed;
}

}  // namespace mote
