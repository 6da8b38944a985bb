// SPDX-License-Identifier: MIT
// The lesson: why deep networks are hard to train and what helps, as experiments.
#include <unistd.h>

#include <algorithm>
#include <cstdio>
#include <iterator>
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
#include "common/run_memory.hpp"
#include "data/image_files.hpp"
#include "experiments/experiment_page.hpp"
#include "experiments/experiments.hpp"
#include "pictures/page.hpp"

namespace tools {
namespace {

struct Options {
  std::vector<Experiment> chosen;
  std::string data;
  std::uint64_t seed = 1;
  std::size_t seeds = 0;   // 0: the experiment's default
  std::size_t epochs = 0;  // 0: the experiment's default
  bool quick = false;
  std::optional<mote::InstructionSet> isa;
  std::string report;   // HTML file; empty: none
  std::string command;  // as typed
  bool plot = false;
  bool list = false;
};

/// Appends the experiment `name`, or every experiment for "all".
void choose(std::vector<Experiment>& chosen, std::string_view name) {
  const std::size_t before = chosen.size();
  for (const Experiment& experiment : experiments()) {
    if (name == "all" || experiment.name == name) chosen.push_back(experiment);
  }
  if (chosen.size() == before) {
    throw Error("unknown experiment '" + std::string(name) + "': --list names all of them");
  }
}

constexpr std::string_view kOptions[] = {"--data", "--seed", "--seeds", "--epochs", "--report", "--isa"};

/// Sets one of kOptions.
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
  } else {
    options.isa = choice(name, value, kInstructionSets);
  }
}

std::string list_of(const std::vector<Experiment>& experiments) {
  std::string list;
  for (const Experiment& experiment : experiments) list += (list.empty() ? "" : ", ") + experiment.name;
  return list;
}

Options parse_options(int count, const char* const* arguments) {
  Options options;
  options.command = command_line(count, arguments);
  for (int i = 1; i < count; ++i) {
    const std::string_view argument = arguments[i];
    if (argument == "--list") {
      options.list = true;
    } else if (argument == "--plot") {
      options.plot = true;
    } else if (argument == "--quick") {
      options.quick = true;
    } else if (argument.substr(0, 2) != "--") {
      choose(options.chosen, argument);
    } else {
      const std::size_t equals = argument.find('=');
      const std::string_view name = argument.substr(0, equals);
      if (std::find(std::begin(kOptions), std::end(kOptions), name) == std::end(kOptions)) {
        throw Error("unknown option '" + std::string(name) + "'" +
                    did_you_mean(name, {std::begin(kOptions), std::end(kOptions)}) + "; --help lists the options");
      }
      const bool is_joined = equals != std::string_view::npos;
      set_option(options, name,
                 is_joined ? argument.substr(equals + 1) : next_value(count, arguments, i, "of the option"));
    }
  }
  if (options.chosen.empty() && !options.list) {
    throw Error("experiment missing: name one or more, or all; --list names all of them");
  }
  const auto trains = [](const Experiment& experiment) { return experiment.epochs != 0; };
  if (options.epochs != 0 && std::none_of(options.chosen.begin(), options.chosen.end(), trains)) {
    throw Error("--epochs: no experiment of " + list_of(options.chosen) + " trains for epochs");
  }
  return options;
}

std::string list_text() {
  std::string text;
  const Experiment* before = nullptr;
  for (const Experiment& experiment : experiments()) {
    if (before == nullptr || before->text != experiment.text) {
      text += (before == nullptr ? "" : "\n") + std::string(title_of(experiment.text)) + "\n";
    }
    std::string name = experiment.name;
    name.resize(12, ' ');
    text += "  " + name + experiment.summary + "\n";
    before = &experiment;
  }
  return text;
}

std::string help_text() {
  return "Usage: lesson EXPERIMENT... [options]\n"
         "       lesson all [options]\n"
         "Experiments on why deep networks are hard to train and what helps. Each prints tables and sentences about "
         "the\n"
         "numbers measured; a sentence after \"Seen:\" is printed only if the numbers confirm it.\n\n"
         "  --list        print the experiments, by the text that they belong to, and stop\n"
         "  --quick       fewer seeds, epochs and images: all experiments in half a minute (default: off)\n"
         "  --seeds N     number of consecutive seeds (default: of each experiment)\n"
         "  --seed N      first seed (default 1)\n"
         "  --epochs N    epochs of each training, for experiments that train for epochs (default: of each "
         "experiment)\n"
         "  --data DIR    folder of an IDX image set (default: the MNIST that make unpacks)\n"
         "  --isa NAME    instruction set: " +
         list_names(kInstructionSets) +
         "\n                (default: the best of this machine)\n"
         "  --report FILE.html  write sentences, charts and tables as a web page; it needs no other file, and "
         "replaces\n"
         "                only an earlier report (default: none)\n"
         "  --plot        draw the charts in the terminal (default: off)\n"
         "  --help        print this and stop\n";
}

void run(const Options& options) {
  if (options.isa && !mote::select(*options.isa).ok()) {
    throw Error("--isa " + std::string(name_of(kInstructionSets, *options.isa)) +
                ": not supported by this machine or not built in");
  }
  const ImageSet images = load_image_set(options.data.empty() ? mnist_folder() : options.data, data_memory());
  Laboratory laboratory;
  laboratory.images = images.train;
  laboratory.memory = network_memory();
  laboratory.seed = options.seed;
  laboratory.is_terminal = isatty(STDERR_FILENO) != 0;
  laboratory.quick = options.quick;
  laboratory.plots = options.plot;
  std::optional<AtomicFile> page;
  if (!options.report.empty()) page.emplace("--report", options.report, page_kind());
  std::vector<Findings> findings;
  for (const Experiment& experiment : options.chosen) {
    const std::size_t seeds = options.quick ? experiment.quick_seeds : experiment.seeds;
    const std::size_t epochs = options.quick ? experiment.quick_epochs : experiment.epochs;
    laboratory.found = {};
    laboratory.seeds = options.seeds == 0 ? seeds : options.seeds;
    laboratory.epochs = options.epochs == 0 ? epochs : options.epochs;
    if (options.chosen.size() > 1) std::printf("\n%s: %s\n", experiment.name.c_str(), experiment.summary.c_str());
    experiment.run(laboratory);
    laboratory.progress("");
    laboratory.found.seeds = laboratory.seeds;
    findings.push_back(laboratory.found);
  }
  if (!page) return;
  page->write(html_page("Why deep networks are hard to train, and what helps", options.command,
                        lesson_body(options.chosen, findings)));
  page->commit();
}

}  // namespace
}  // namespace tools

int main(int count, char** arguments) {
  return tools::run_program("lesson", count, arguments, tools::help_text, [&] {
    const tools::Options options = tools::parse_options(count, arguments);
    if (options.list) {
      std::printf("%s", tools::list_text().c_str());
    } else {
      tools::run(options);
    }
    return 0;
  });
}
