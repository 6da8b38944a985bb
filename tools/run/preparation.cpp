// SPDX-License-Identifier: MIT
#include "run/preparation.hpp"

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

#include "common/error.hpp"
#include "run/class_shares.hpp"

namespace tools {

mote::Topology make_topology(const Settings& settings, const RunData& data) {
  const std::size_t inputs = data.train.features, outputs = data.train.outputs();
  const std::string samples = data.samples(), features = data.features();
  const std::string option = settings.layers.empty() ? "--hidden: " : "--layers: ";
  std::vector<std::uint32_t> sizes = settings.layers;
  if (sizes.empty()) {
    sizes = settings.hidden;
    sizes.insert(sizes.begin(), static_cast<std::uint32_t>(inputs));
    sizes.push_back(static_cast<std::uint32_t>(outputs));
  }
  if (sizes.front() != inputs) {
    throw Error("--layers: found " + std::to_string(sizes.front()) + " inputs, but the " + samples + " have " +
                std::to_string(inputs) + " " + features + "; start with " + std::to_string(inputs) +
                " or use --hidden");
  }
  if (sizes.back() != outputs) {
    const std::string count = std::to_string(outputs);
    const std::string reason = settings.aim == Aim::inputs ? "--autoencoder reproduces " + count + " " + features
                               : settings.aim == Aim::numbers
                                   ? "each " + samples.substr(0, samples.size() - 1) + " has " + count + " targets"
                                   : "the labels have " + count + " classes";
    throw Error("--layers: found " + std::to_string(sizes.back()) + " outputs, but " + reason + "; end with " + count +
                " or use --hidden");
  }
  if (settings.batch_norm && sizes.size() == 2) throw Error("--batch-norm: needs a hidden layer");
  if (sizes.size() - 1 > mote::kMaxLayers) {
    throw Error(option + "found " + std::to_string(sizes.size() - 1) + " layers, expected at most " +
                std::to_string(mote::kMaxLayers));
  }
  mote::Topology topology;
  topology.inputs = sizes.front();
  for (std::size_t i = 1; i < sizes.size(); ++i) {
    const bool last = i + 1 == sizes.size();
    const mote::Result added =
        topology.add({sizes[i], last ? settings.output_activation : settings.activation, settings.batch_norm && !last});
    if (!added.ok()) throw Error(option + describe(added));
  }
  if (const mote::Result result = mote::check(topology); !result.ok()) throw Error(option + describe(result));
  return topology;
}

Split make_split(const Settings& settings, const RunData& data) {
  const mote::Dataset& all = data.train;
  const std::string samples = data.samples();
  const std::size_t held_out = validation_count(settings, all.count);
  if (held_out >= all.count) {
    throw Error("--validation: found " + std::to_string(held_out) + ", expected fewer than the " +
                std::to_string(all.count) + " training " + samples);
  }
  if (held_out == 0 && settings.early_stopping) {
    throw Error("--early-stopping: needs validation " + samples + "; hold some out with --validation");
  }
  const std::size_t most = all.count - held_out;
  if (settings.train_limit > most) {
    throw Error("--train-limit: found " + std::to_string(settings.train_limit) + ", expected at most the " +
                std::to_string(most) + " training " + samples + " that are not held out");
  }
  const std::size_t count = settings.train_limit == 0 ? most : settings.train_limit;
  return {all.subset(0, count), all.subset(most, held_out)};
}

namespace {

mote::Decay decay_of(RateSchedule schedule) {
  switch (schedule) {
    case RateSchedule::step: return mote::Decay::step;
    case RateSchedule::exponential: return mote::Decay::exponential;
    case RateSchedule::cosine: return mote::Decay::cosine;
    case RateSchedule::constant:
    case RateSchedule::plateau: break;
  }
  return mote::Decay::none;
}

/// The schedule of the settings, with epochs converted to parameter steps.
mote::Schedule make_schedule(const Settings& settings, std::size_t images, std::size_t batch_size) {
  const auto steps = [&](double epochs) {
    const double wanted = std::round(epochs * mote::steps_per_epoch(images, batch_size));
    return static_cast<std::uint32_t>(std::min(wanted, 4294967295.0));
  };
  const double all = static_cast<double>(settings.epochs), warmup = static_cast<double>(settings.warmup);
  const bool cosine = settings.schedule == RateSchedule::cosine;
  const double usual = cosine ? std::max(all - warmup, 0.0) : all / 3.0;
  mote::Schedule schedule;
  schedule.decay = decay_of(settings.schedule);
  const double epochs = settings.decay_epochs ? static_cast<double>(*settings.decay_epochs) : usual;
  const bool decays = schedule.decay != mote::Decay::none;  // else a resumed training may have more epochs
  schedule.decay_steps = decays ? std::max(steps(epochs), 1u) : 1;
  schedule.factor = settings.decay_factor.value_or(cosine ? 0.0f : 0.1f);
  schedule.warmup_steps = steps(warmup);
  return schedule;
}

}  // namespace

mote::TrainingOptions make_options(const Settings& settings, const RunData& data, std::size_t count) {
  const std::string samples = data.samples();
  mote::TrainingOptions options;
  options.loss = settings.loss;
  options.optimizer = settings.optimizer;
  options.l1 = settings.l1;
  options.l2 = settings.l2;
  options.seed = settings.seed;
  options.clip_norm = settings.clip_norm;
  options.clip_value = settings.clip_value;
  options.max_norm = settings.max_norm;
  if (settings.dropout.size() == 1) options.hidden_dropout = settings.dropout[0];
  if (settings.dropout.size() > 1) options.layer_dropout = {settings.dropout.data(), settings.dropout.size()};
  options.input_dropout = settings.input_dropout;
  options.keep_parameters = true;
  options.bootstrap = settings.ensemble > 1 && settings.bootstrap;
  options.workers = settings.ensemble > 1 ? 1 : settings.threads;  // threads train whole members
  options.batch_size = settings.batch.value_or(std::min(settings.usual_batch, count));
  if (options.batch_size == 0) options.batch_size = count;
  if (options.batch_size > count) {
    throw Error("--batch: found " + std::to_string(options.batch_size) + ", expected at most the " +
                std::to_string(count) + " training " + samples + "; use --batch full for all of them");
  }
  if (settings.batch_norm) {
    options.memory_rows = std::max(options.memory_rows, options.batch_size);  // statistics need the whole batch
    // --evaluate trains nothing: choose any size that leaves no single image.
    while (settings.evaluate && options.batch_size > 2 && count % options.batch_size == 1) --options.batch_size;
    if (count % options.batch_size == 1) {
      throw Error("--batch: " + std::to_string(options.batch_size) + " leaves 1 of the " + std::to_string(count) +
                  " training " + samples + " for the last step, and --batch-norm needs at least 2");
    }
  }
  options.schedule = make_schedule(settings, count, options.batch_size);
  return options;
}

}  // namespace tools
