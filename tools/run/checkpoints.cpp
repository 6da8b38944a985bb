// SPDX-License-Identifier: MIT
#include "run/checkpoints.hpp"

#include <algorithm>
#include <cstring>
#include <filesystem>
#include <initializer_list>
#include <iterator>
#include <type_traits>

#include "common/error.hpp"
#include "common/option_values.hpp"

namespace tools {
namespace {

// A note is packed field by field. for_each_field() lists the fields for packing and unpacking.

class Packer {
 public:
  template <typename T>
  void field(const T& value) {
    static_assert(std::is_arithmetic_v<T>);
    bytes_.append(reinterpret_cast<const char*>(&value), sizeof value);
  }
  void count(std::size_t count, std::size_t) { field(static_cast<std::uint64_t>(count)); }
  const std::string& bytes() const { return bytes_; }
  bool ok() const { return true; }

 private:
  std::string bytes_;
};

class Unpacker {
 public:
  explicit Unpacker(const std::string& bytes) : bytes_(bytes) {}
  template <typename T>
  void field(T& value) {
    static_assert(std::is_arithmetic_v<T>);
    ok_ = ok_ && bytes_.size() - at_ >= sizeof value;
    if (!ok_) return;
    std::memcpy(&value, bytes_.data() + at_, sizeof value);
    at_ += sizeof value;
  }
  /// Unpacks the size of a list whose elements take at least `least` bytes each.
  std::size_t count(std::size_t, std::size_t least) {
    std::uint64_t count = 0;
    field(count);
    ok_ = ok_ && count <= (bytes_.size() - at_) / least;
    return ok_ ? static_cast<std::size_t>(count) : 0;
  }
  bool ok() const { return ok_; }
  bool at_end() const { return at_ == bytes_.size(); }

 private:
  const std::string& bytes_;
  std::size_t at_ = 0;
  bool ok_ = true;
};

template <typename Container>
void resize(Packer& pack, const Container& container, std::size_t least) {
  pack.count(container.size(), least);
}

template <typename Container>
void resize(Unpacker& pack, Container& container, std::size_t least) {
  container.resize(pack.count(0, least));
}

template <typename Pack, typename Totals>
void pack_totals(Pack& pack, Totals& totals) {
  pack.field(totals.sum);
  pack.field(totals.compensation);
  pack.field(totals.samples);
  pack.field(totals.correct);
}

template <typename Pack, typename Layer>
void pack_layer(Pack& pack, Layer& layer) {
  for (auto* field : {&layer.bias_gradient, &layer.weight_gradient, &layer.weight_norm, &layer.update_ratio,
                      &layer.delta_norm, &layer.deltas.mean, &layer.deltas.deviation, &layer.pre_activations.mean,
                      &layer.pre_activations.deviation, &layer.activations.mean, &layer.activations.deviation,
                      &layer.forward_ratio, &layer.backward_ratio, &layer.saturated, &layer.dead}) {
    pack.field(*field);
  }
  auto verdict = static_cast<std::uint8_t>(layer.verdict);
  pack.field(verdict);
  if constexpr (!std::is_const_v<Layer>) layer.verdict = static_cast<mote::Verdict>(verdict);
}

template <typename Pack, typename Note>
void for_each_field(Pack& pack, Note& note) {
  resize(pack, note.arguments, 8);
  for (auto& argument : note.arguments) {
    resize(pack, argument, 1);
    for (auto& c : argument) pack.field(c);
  }
  pack.field(note.data);
  auto& state = note.state;
  pack.field(state.plateau.best);
  pack.field(state.plateau.waited);
  pack.field(state.trained.stopping.epoch);
  pack.field(state.trained.stopping.best_epoch);
  pack.field(state.trained.stopping.waited);
  pack.field(state.trained.stopping.best_value);
  pack.field(state.trained.good_epoch);
  pack.field(state.seconds);
  pack.field(state.learning_rate);
  resize(pack, state.trained.epochs, 52);
  for (auto& epoch : state.trained.epochs) {
    pack_totals(pack, epoch.train);
    pack_totals(pack, epoch.validation);
    pack.field(epoch.seconds);
    pack.field(epoch.learning_rate);
    resize(pack, epoch.layers, 61);
    for (auto& layer : epoch.layers) pack_layer(pack, layer);
  }
}

mote::Bytes bytes_of(const std::string& text) {
  return {reinterpret_cast<const unsigned char*>(text.data()), text.size()};
}

std::uint32_t checksum_of(const mote::Dataset& dataset, std::uint32_t crc) {
  const std::uint64_t sizes[] = {dataset.count, dataset.features, dataset.classes, dataset.outputs()};
  crc = mote::crc32({reinterpret_cast<const unsigned char*>(sizes), sizeof sizes}, crc);
  crc = mote::crc32({reinterpret_cast<const unsigned char*>(&dataset.scale), sizeof dataset.scale}, crc);
  const std::size_t bytes = dataset.features * size_of(dataset.type);
  for (std::size_t i = 0; i < dataset.count; ++i) {
    crc = mote::crc32({static_cast<const unsigned char*>(dataset.row(i)), bytes}, crc);
  }
  if (dataset.labels != nullptr) crc = mote::crc32({dataset.labels, dataset.count}, crc);
  for (std::size_t i = 0; i < dataset.targets.rows; ++i) {
    const mote::Span<const float> row = dataset.targets.row(i);
    crc = mote::crc32({reinterpret_cast<const unsigned char*>(row.data()), row.size() * sizeof(float)}, crc);
  }
  return crc;
}

/// Turns "--seed=3" into "--seed 3".
std::string as_typed(const std::string& argument) {
  std::string text = argument;
  if (const std::size_t equals = text.find('='); equals != std::string::npos) text[equals] = ' ';
  return text;
}

/// Parses options of a checkpoint. name: prefix of errors, option and path.
Settings parse(const std::string& name, const std::vector<std::string>& arguments) try {
  std::vector<const char*> pointers = {"train"};
  for (const std::string& argument : arguments) pointers.push_back(argument.c_str());
  return parse_settings(static_cast<int>(pointers.size()), pointers.data());
} catch (const Error& error) {
  throw Error(name + ": its options: " + error.what(), error.status);
}

/// The progress of the unfinished training in a checkpoint: "epoch 2 of 8". Empty if its training has finished or has
/// not begun. Throws an Error if the file cannot be read.
std::string unfinished_training(const std::string& path) {
  const CheckpointReader checkpoint(path, "--checkpoint");
  const Settings settings = parse("--checkpoint: " + path, checkpoint.note().arguments);
  const TrainingState& state = checkpoint.note().state;
  const std::size_t done = state.trained.epochs.size();
  const bool has_stopped = settings.early_stopping && state.trained.stopping.waited >= settings.stop_patience;
  if (done >= settings.epochs || has_stopped || (done == 0 && state.seconds == 0.0)) return "";
  return "epoch " + std::to_string(done) + " of " + std::to_string(settings.epochs);
}

FileKind checkpoint_kind() {
  return {"a checkpoint", mote::kCheckpointMagic};
}

// Options that name output files. A checkpoint from elsewhere must not choose the files that a run replaces.
constexpr std::string_view kOutputs[] = {"--log", "--report", "--save", "--export-header", "--export-c"};

/// Throws an Error if the checkpoint has an option for an output file that was not given again.
void require_outputs(const Settings& given, const std::vector<std::string>& before) {
  std::string missing;
  for (const std::string_view option : kOutputs) {
    const auto names = [&](const std::string& argument) {
      return argument.size() > option.size() && argument[option.size()] == '=' && argument.rfind(option, 0) == 0;
    };
    const auto last = std::find_if(before.rbegin(), before.rend(), names);
    if (last == before.rend() || std::any_of(given.harmless.begin(), given.harmless.end(), names)) continue;
    missing += " " + std::string(option) + " " + tools::quoted(last->substr(option.size() + 1));
  }
  if (missing.empty()) return;
  throw Error("--resume: " + given.resume + ": its training writes more files; repeat their options, with these or " +
              "other names:" + missing);
}

}  // namespace

std::uint32_t data_checksum(const Split& split) {
  return checksum_of(split.validation, checksum_of(split.train, 0));
}

void claim_checkpoint(const Settings& settings, std::optional<FileLock>& lock) {
  const std::string& path = settings.checkpoint;
  if (path.empty()) return;
  lock.emplace("--checkpoint", path);
  const AtomicFile can_be_written("--checkpoint", path, checkpoint_kind());
  std::error_code error;
  if (std::filesystem::equivalent(path, settings.resume, error)) return;
  if (!std::filesystem::is_regular_file(path, error) || std::filesystem::file_size(path, error) == 0) return;
  std::string training;
  try {
    training = unfinished_training(path);
  } catch (const Error& problem) {
    throw Error(std::string(problem.what()) + "; only a finished training is overwritten: name another file, or " +
                "remove this one");
  }
  if (training.empty()) return;
  throw Error("--checkpoint: " + path + ": holds " + training + " of an unfinished training; continue with --resume " +
              path + ", or remove the file to start again");
}

bool CheckpointWriter::is_due(Moment moment, Clock::time_point now) const {
  const auto& seconds = settings_.checkpoint_seconds;
  const bool is_time = seconds && now - written_ >= std::chrono::duration<float>(*seconds);
  switch (moment) {
    case Moment::batch: return is_time;
    case Moment::epoch: return is_time || now - written_ >= 20 * cost_;
    case Moment::end: return is_behind_;
    case Moment::stop: break;
  }
  return true;
}

void CheckpointWriter::write(const mote::Trainer& trainer, const TrainingState& state, Moment moment) {
  const Clock::time_point start = now_();
  if (!is_due(moment, start)) {
    is_behind_ = is_behind_ || moment == Moment::epoch;
    return;
  }
  CheckpointNote note{settings_.remembered, data_, state};
  Packer pack;
  for_each_field(pack, note);
  AtomicFile file("--checkpoint", settings_.checkpoint, checkpoint_kind());
  const mote::Result result = mote::write_checkpoint(trainer, bytes_of(pack.bytes()), sink_of(file));
  file.require_written();
  if (!result.ok()) throw Error("--checkpoint: " + file.path() + ": " + describe(result), kExitFailed);
  file.commit();
  is_behind_ = false;
  written_ = now_();
  cost_ = written_ - start;
}

CheckpointReader::CheckpointReader(const std::string& path, const std::string& option)
    : file_(path, "a checkpoint", option) {
  std::uint64_t size = 0;
  if (const mote::Result result = mote::check_checkpoint(file_.source(), size); !result.ok()) refuse(describe(result));
  std::string bytes(static_cast<std::size_t>(size), '\0');
  const mote::Memory room{reinterpret_cast<unsigned char*>(bytes.data()), bytes.size()};
  if (const mote::Result result = mote::read_checkpoint_note(file_.source(), room); !result.ok()) {
    refuse(describe(result));
  }
  Unpacker pack(bytes);
  for_each_field(pack, note_);
  if (!pack.ok() || !pack.at_end()) refuse("not a checkpoint of this version of train");
  for (std::size_t i = 0; i < note_.state.trained.epochs.size(); ++i) note_.state.trained.epochs[i].epoch = i + 1;
}

void CheckpointReader::restore(const Settings& settings, const Split& split, mote::Trainer& trainer,
                               TrainingState& state) {
  if (data_checksum(split) != note_.data) {
    refuse("images, labels, targets or input scale differ from those of --data and --load");
  }
  const char* difference = "";
  const mote::Result result = mote::read_checkpoint(file_.source(), split.train, trainer, &difference);
  if (result.status == mote::Status::checkpoint_differs) {
    refuse(std::string("made with another value of: ") + difference);
  }
  if (!result.ok()) refuse(describe(result));
  const TrainingState made = state;
  state = note_.state;
  state.plateau.factor = made.plateau.factor;
  state.plateau.patience = made.plateau.patience;
  state.trained.stopping.monitor = made.trained.stopping.monitor;
  state.trained.stopping.patience = made.trained.stopping.patience;
  state.trained.stopping.minimum_improvement = made.trained.stopping.minimum_improvement;
  for (EpochReport& report : state.trained.epochs) {
    report.epochs = settings.epochs;
    report.has_labels = settings.aim == Aim::labels;
    report.rate_changes = rate_changes(settings);
  }
}

void CheckpointReader::refuse(const std::string& reason) const {
  throw Error(file_.name() + ": " + reason);
}

namespace {

// Options that decide when training ends: a resumed training may have others.
constexpr std::string_view kEnding[] = {"--epochs", "--patience", "--stop-patience", "--min-improvement"};

/// Throws an Error for a number of epochs that an interrupted training cannot have.
void check_epochs(const Settings& given, const CheckpointNote& note, std::size_t epochs) {
  const Settings before = parse("--resume: " + given.resume, note.arguments);
  const std::string start = "--epochs " + std::to_string(epochs) + " contradicts --resume; " + given.resume;
  const bool decays = before.schedule != RateSchedule::constant && before.schedule != RateSchedule::plateau;
  if (epochs != before.epochs && decays && !before.decay_epochs) {
    throw Error(start + " was made with --epochs " + std::to_string(before.epochs) +
                ", and its --schedule depends on them; leave it out");
  }
  if (const std::size_t done = note.state.trained.epochs.size(); epochs < done) {
    throw Error(start + " has finished " + std::to_string(done) + " epochs; ask for at least as many");
  }
}

}  // namespace

Settings resume_settings(const Settings& given) {
  const CheckpointReader checkpoint(given.resume);
  const std::vector<std::string>& before = checkpoint.note().arguments;
  std::vector<std::string> more;
  for (const std::string& argument : given.deciding) {
    const std::string name = argument.substr(0, argument.find('='));
    const auto other =
        std::find_if(before.rbegin(), before.rend(), [&](const std::string& one) {  // the last one counts
          return one == name || one.rfind(name + "=", 0) == 0;
        });
    if (other != before.rend() && *other == argument) continue;
    if (std::find(std::begin(kEnding), std::end(kEnding), name) != std::end(kEnding)) {
      more.push_back(argument);
      continue;
    }
    throw Error(as_typed(argument) + " contradicts --resume; " + given.resume + " was made " +
                (other == before.rend() ? "without " + name : "with " + as_typed(*other)) + "; leave it out");
  }
  require_outputs(given, before);
  std::vector<std::string> arguments = before;
  arguments.push_back("--checkpoint=" + given.resume);  // a --checkpoint given now comes later and wins
  arguments.insert(arguments.end(), more.begin(), more.end());
  for (const std::string& argument : given.harmless) {
    if (argument.rfind("--resume=", 0) != 0) arguments.push_back(argument);
  }
  Settings settings = parse("--resume: " + given.resume, arguments);
  check_epochs(given, checkpoint.note(), settings.epochs);
  settings.resume = given.resume;
  settings.command = given.command;
  return settings;
}

}  // namespace tools
