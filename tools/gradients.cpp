// SPDX-License-Identifier: MIT
// Experiments on unstable gradients: why deep networks are hard to train, measured.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <limits>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "common/atomic_file.hpp"
#include "common/error.hpp"
#include "common/names.hpp"
#include "common/option_values.hpp"
#include "common/program.hpp"
#include "data/image_files.hpp"
#include "experiments/experiment_page.hpp"
#include "experiments/experiments.hpp"
#include "pictures/page.hpp"

namespace tools {
namespace {

mote::Storage<std::size_t{MOTE_MEMORY_MB} << 20> network_memory;
mote::Storage<std::size_t{MOTE_DATA_MB} << 20> data_memory;

struct Options {
  std::vector<Experiment> chosen;
  std::string data;
  std::uint64_t seed = 1;
  std::size_t seeds = 0;   // 0: the experiment's default
  std::size_t epochs = 0;  // 0: the experiment's default
  std::optional<mote::InstructionSet> isa;
  std::string report;   // HTML file; empty: none
  std::string command;  // as typed
  bool plot = false;
  bool help = false;
};

std::string list_experiments() {
  std::string list;
  for (const Experiment& experiment : experiments()) list += (list.empty() ? "" : ", ") + experiment.name;
  return list;
}

Experiment find_experiment(std::string_view name) {
  for (const Experiment& experiment : experiments()) {
    if (experiment.name == name) return experiment;
  }
  throw Error("unknown experiment '" + std::string(name) + "': expected one of " + list_experiments());
}

void set_option(Options& options, std::string_view name, std::string_view value) {
  constexpr std::size_t kMost = 100000;
  if (name == "--data") {
    options.data = value;
  } else if (name == "--seed") {
    options.seed = whole_number<std::uint64_t>(name, value, 0, std::numeric_limits<std::uint64_t>::max() - kMost);
  } else if (name == "--seeds") {
    options.seeds = whole_number<std::size_t>(name, value, 1, kMost);
  } else if (name == "--epochs") {
    options.epochs = whole_number<std::size_t>(name, value, 1, kMost);
  } else if (name == "--report") {
    options.report = value;
  } else if (name == "--isa") {
    options.isa = choice(name, value, kInstructionSets);
  } else {
    throw Error("unknown option '" + std::string(name) + "'; --help lists the options");
  }
}

Options parse_options(int count, const char* const* arguments) {
  Options options;
  options.command = command_line(count, arguments);
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--help") {
      options.help = true;
    } else if (argument == "--plot") {
      options.plot = true;
    } else if (argument.substr(0, 2) != "--") {
      options.chosen.push_back(find_experiment(argument));
    } else if (const std::size_t equals = argument.find('='); equals != std::string_view::npos) {
      set_option(options, argument.substr(0, equals), argument.substr(equals + 1));
    } else if (i + 1 == count) {
      throw Error(std::string(argument) + ": value missing");
    } else {
      set_option(options, argument, arguments[++i]);
    }
  }
  if (options.chosen.empty() && !options.help) {
    throw Error("experiment missing: name one of " + list_experiments() + "; --help explains them");
  }
  if (options.epochs != 0) {
    for (const Experiment& experiment : options.chosen) {
      if (experiment.epochs == 0) throw Error("--epochs: the experiment '" + experiment.name + "' has none");
    }
  }
  return options;
}

std::string help_text() {
  std::string text =
      "Usage: gradients EXPERIMENT... [options]\n"
      "Experiments on unstable gradients; each prints tables.\n\n";
  for (const Experiment& experiment : experiments()) {
    std::string name = experiment.name;
    name.resize(10, ' ');
    text += "  " + name + experiment.summary + " (" + std::to_string(experiment.seeds) + " seed" +
            (experiment.seeds == 1 ? "" : "s") +
            (experiment.epochs == 0 ? "" : ", " + std::to_string(experiment.epochs) + " epochs") + ")\n";
  }
  return text +
         "\n"
         "  --data DIR    folder of an IDX image set (default: the MNIST that make unpacks)\n"
         "  --seed N      first seed (default 1)\n"
         "  --seeds N     number of consecutive seeds (default: the number beside the experiment)\n"
         "  --epochs N    depth, cure: epochs of each training (default: the number beside the experiment)\n"
         "  --isa NAME    instruction set: " +
         list_names(kInstructionSets) +
         "\n                (default: the best of this machine)\n"
         "  --report FILE.html  write charts and tables as a web page; it needs no other file, and replaces only an\n"
         "                earlier report (default: none)\n"
         "  --plot        draw the charts in the terminal (default: off)\n"
         "  --help        print this and stop\n";
}

void run(const Options& options) {
  if (options.isa && !mote::select(*options.isa).ok()) {
    throw Error("--isa " + std::string(name_of(kInstructionSets, *options.isa)) +
                ": not supported by this machine or not built in");
  }
  const ImageSet images = load_image_set(options.data.empty() ? mnist_folder() : options.data, data_memory);
  Laboratory laboratory;
  laboratory.images = images.train;
  laboratory.memory = network_memory;
  laboratory.seed = options.seed;
  laboratory.is_terminal = isatty(STDERR_FILENO) != 0;
  laboratory.plots = options.plot;
  laboratory.has_pictures = options.plot || !options.report.empty();
  std::optional<AtomicFile> page;
  if (!options.report.empty()) {
    check_report_path(options.report);
    page.emplace("--report", options.report);
  }
  std::string sections;
  for (const Experiment& experiment : options.chosen) {
    laboratory.found = {};
    laboratory.seeds = options.seeds == 0 ? experiment.seeds : options.seeds;
    laboratory.epochs = options.epochs == 0 ? experiment.epochs : options.epochs;
    experiment.run(laboratory);
    sections += experiment_section(experiment, laboratory);
  }
  if (!page) return;
  page->write(html_page("Experiments on unstable gradients", options.command, sections));
  page->commit();
}

}  // namespace
}  // namespace tools

int main(int count, char** arguments) {
  return tools::run_program("gradients", [&] {
    const tools::Options options = tools::parse_options(count, arguments);
    if (options.help) {
      std::printf("%s", tools::help_text().c_str());
    } else {
      tools::run(options);
    }
    return 0;
  });
}
