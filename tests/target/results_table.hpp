// SPDX-License-Identifier: MIT
// The reports of the images as the tables of the README.
#pragma once

#include <cstdio>
#include <string>
#include <vector>

#include "board_runs.hpp"

namespace results_table {

inline void print_row(const std::vector<std::string>& cells) {
  for (const std::string& cell : cells) std::printf("| %s ", cell.c_str());
  std::printf("|\n");
}

inline void print_head(const std::vector<std::string>& cells) {
  print_row(cells);
  for (std::size_t i = 0; i < cells.size(); ++i) std::printf("|---");
  std::printf("|\n");
}

/// Its last value; earlier values are of earlier epochs.
inline std::string value_of(const board_runs::Report& report, const std::string& name) {
  const auto found = report.values.find(name);
  return found == report.values.end() ? "" : board_runs::words(found->second).back();
}

inline std::string share_of(const board_runs::Report& report, const std::string& part, const std::string& whole) {
  return value_of(report, part) + "/" + value_of(report, whole);
}

/// The machines whose learned parameters and outputs agree to the bit.
inline void print_bits() {
  print_head({"machine", "multiply-add", "196-8-10, SGD", "parameters", "196-4-10, Adam", "parameters",
              "784-30-10 in flash", "outputs"});
  for (const char* machine : {"v4", "v3", "aarch64", "m4f", "m7", "m33", "m55", "baseline", "m3", "m0"}) {
    const auto report = [&](const char* image) -> const board_runs::Report& {
      return board_runs::run_on(machine, image);
    };
    if (report("train").status != 0) continue;
    print_row({machine, value_of(report("train"), "fused") == "1" ? "fused" : "separate",
               share_of(report("train"), "test_correct", "test_images"), value_of(report("train"), "fingerprint"),
               share_of(report("train_adam"), "test_correct", "test_images"),
               value_of(report("train_adam"), "fingerprint"), share_of(report("infer_float32"), "correct", "images"),
               value_of(report("infer_float32"), "outputs")});
  }
}

/// Training on signed readings. Machines of a class have equal rows.
inline void print_readings() {
  print_head({"machine", "1-16-1, largest error of sin(x) / 1e6", "parameters", "24-12-3, movements recognized",
              "parameters"});
  for (const char* machine : {"v3", "m4f", "baseline", "m0"}) {
    const board_runs::Report &sine = board_runs::run_on(machine, "sine"),
                             &sensor = board_runs::run_on(machine, "sensor_int16");
    if (sine.status != 0) continue;
    print_row({machine, value_of(sine, "largest_error_e6"), value_of(sine, "fingerprint"),
               share_of(sensor, "test_correct", "tests"), value_of(sensor, "fingerprint")});
  }
}

inline std::string ratio(const std::string& numerator, double denominator) {
  char text[32];
  std::snprintf(text, sizeof text, "%.2f", std::stod(numerator) / denominator);
  return text;
}

/// The emulator's counts of instructions a multiply-add of an inference, without zeros to leave out.
inline void print_dense_inference() {
  constexpr double kDigits = 23820, kAnomaly = 264192;
  print_head({"target", "784-30-10 of bytes, float32", "float16", "int8", "of floats, float32", "anomaly, float32",
              "float16", "int8", "784-30-10, integers", "anomaly, integers", "anomaly, integers, learning",
              "784-30-10, int16", "anomaly, int16"});
  for (const char* target : {"m0", "m3", "m4f", "m7", "m33", "m55"}) {
    const auto per_term = [&](const char* image, const char* name, double terms) {
      return ratio(value_of(board_runs::run_on(target, image), name), terms);
    };
    print_row({target, per_term("dense_infer_float32", "instructions_of_bytes", kDigits),
               per_term("dense_infer_float16", "instructions_of_bytes", kDigits),
               per_term("dense_infer_int8", "instructions_of_bytes", kDigits),
               per_term("dense_infer_float32", "instructions_of_floats", kDigits),
               per_term("dense_infer_float32", "instructions_of_anomaly", kAnomaly),
               per_term("dense_infer_float16", "instructions_of_anomaly", kAnomaly),
               per_term("dense_infer_int8", "instructions_of_anomaly", kAnomaly),
               per_term("dense_integer", "instructions_of_bytes", kDigits),
               per_term("dense_integer", "instructions_of_anomaly", kAnomaly),
               per_term("dense_anomaly", "instructions_of_learning", kAnomaly),
               per_term("dense_integer", "instructions_of_int16", kDigits),
               per_term("dense_integer", "instructions_of_anomaly_int16", kAnomaly)});
  }
}

/// The emulator's counts of instructions a sample of training, without zeros to leave out.
inline void print_dense_training() {
  print_head({"target", "784-30-10, SGD, batch 1", "batch 4", "Adam, batch 1", "196-8-10, SGD, batch 1", "batch 4"});
  for (const char* target : {"m0", "m3", "m4f", "m7", "m33", "m55"}) {
    const board_runs::Report& report = board_runs::run_on(target, "dense_train");
    print_row({target, value_of(report, "instructions_of_784_1"), value_of(report, "instructions_of_784_4"),
               value_of(report, "instructions_of_784_adam"), value_of(report, "instructions_of_196_1"),
               value_of(report, "instructions_of_196_4")});
  }
}

/// The emulator's counts of instructions on images of digits, most of whose pixels are 0, and bytes of stack.
inline void print_instructions() {
  print_head({"target", "inference, float32", "float16", "int8", "training, SGD", "Adam", "last layer only",
              "stack of training", "of inference"});
  print_row({"multiply-adds", "23820", "23820", "23820", "3376", "1688", "24120", "", ""});
  for (const char* target : {"m0", "m3", "m4f", "m7", "m33", "m55"}) {
    const auto value = [&](const char* image, const char* name) {
      return value_of(board_runs::run_on(target, image), name);
    };
    print_row({target, value("infer_float32", "instructions_an_image"), value("infer_float16", "instructions_an_image"),
               value("infer_int8", "instructions_an_image"), value("train", "instructions_a_sample"),
               value("train_adam", "instructions_a_sample"), value("adapt_float32", "instructions_a_sample"),
               value("train", "stack_bytes"), value("infer_float32", "stack_bytes")});
  }
}

/// Prints the tables if all tests have run.
class Printer : public testing::Environment {
 public:
  void TearDown() override {
    if (testing::GTEST_FLAG(filter) != "*") return;
    print_bits();
    std::printf("\n");
    print_readings();
    std::printf("\n");
    print_dense_inference();
    std::printf("\n");
    print_dense_training();
    std::printf("\n");
    print_instructions();
  }
};

}  // namespace results_table
