// SPDX-License-Identifier: MIT
// Writes the seeds of the fuzzers: seeds FOLDER makes one folder per target in it, with files made by mote's own
// writers, and dictionaries of their words.
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <vector>

#include "checkpoint_case.hpp"
#include "fuzz.hpp"
#include "mote/flash_record.hpp"
#include "run/settings.hpp"
#include "support/model_support.hpp"

namespace {

/// Names the files 0, 1, ...
class Folder {
 public:
  explicit Folder(const std::filesystem::path& path) : path_(path) { std::filesystem::create_directories(path_); }
  void add(const std::string& bytes) {
    std::ofstream file(path_ / std::to_string(count_++), std::ios::binary);
    file << bytes;
    fuzz::require(file.flush().good(), "a seed can be written");
  }

 private:
  std::filesystem::path path_;
  int count_ = 0;
};

std::string text_of(std::initializer_list<int> bytes) {
  std::string text;
  for (const int byte : bytes) text += static_cast<char>(byte);
  return text;
}

void seed_idx(Folder folder) {
  folder.add(text_of({0, 0, 0, 8, 1, 0, 0, 0, 3, 7, 8, 9}));                                          // labels
  folder.add(text_of({2, 0, 0, 8, 3, 0, 0, 0, 2, 0, 0, 0, 1, 0, 0, 0, 3, 1, 2, 3, 4, 5, 6}));         // images
  folder.add(text_of({0x81, 0, 0, 13, 2, 0, 0, 0, 1, 0, 0, 0, 2, 0x3f, 0x80, 0, 0, 0xc0, 0, 0, 0}));  // targets
  folder.add(text_of({0, 0x1f, 0x8b, 8, 0}));                                                         // gzip
  folder.add(text_of({0x40, 0, 0, 11, 2, 0, 0, 0, 2, 0, 0, 0, 1, 0, 5, 0xff, 0xff}));                 // any: 16 bits
  folder.add(text_of({0x40, 0, 0, 14, 1, 0, 0, 0, 1, 0x3f, 0xb9, 0x99, 0x99, 0x99, 0x99, 0x99, 0x9a}));
  folder.add(text_of({0x40, 0, 0, 8, 2, 0, 0, 0, 2, 0, 0, 0, 2, 0, 1, 1, 0}));  // one-hot
}

void seed_pgm(Folder folder) {
  folder.add("P5 3 2 255\nabcdef");
  folder.add("P5\n# a comment\n2 1\n# another\n15\n\x01\x0f");
  folder.add("P2 3 2 9\n0 9 9\n# half\n9 0 4\n");
  folder.add("P6 1 2 255\nabcdef");
  folder.add("P3 1 1 65535 1 2 300");
}

/// A state_dict of two layers of one unit, the first with batch normalization.
void seed_foreign(Folder folder) {
  for (const std::string type : {"F32", "F64", "F16", "BF16"}) {
    const std::size_t size = type == "F32" ? 4 : type == "F64" ? 8 : 2;
    for (const std::string& first : {std::string("0"), std::string("net.fc1")}) {
      std::string header = "{", data;
      const auto add = [&](const std::string& name, const std::string& shape) {
        header += (data.empty() ? "\"" : ",\"") + name + R"(":{"dtype":")" + type + R"(","shape":[)" + shape +
                  R"(],"data_offsets":[)" + std::to_string(data.size()) + "," + std::to_string(data.size() + size) +
                  "]}";
        data += std::string(size, '\1');
      };
      const bool is_list = first == "0";
      add(first + ".weight", "1,1");
      add(first + ".bias", "1");
      add(is_list ? "1.running_mean" : "net.bn1.running_mean", "1");
      add(is_list ? "1.running_var" : "net.bn1.running_var", "1");
      add(is_list ? "3.weight" : "net.fc2.weight", "1,1");
      folder.add(model::file_of(header + "}", data));
    }
  }
}

void seed_csv(Folder folder) {
  folder.add(text_of({0, 0, 10}) + "a,b,kind\n1,2,x\n3.5,-4e1,y\n");
  folder.add(text_of({1, 0, 3}) + "a;b;c\r\n1,5;2,5;\r\n\"3\";4;\"x\"\"y\"\r\n");
  folder.add(text_of({2, 0, 1}) + "\xef\xbb\xbf" + "1\t2\t3\n\nNA\t?\tinf");
  folder.add(text_of({20, 3, 9}) + "1,2,3\n4,nan,6\n7,8,9\n");      // a regression with means
  folder.add(text_of({8, 9, 2}) + "a,b,c\n,2,3\n4,,6\n7,8,1.0\n");  // rows are dropped
}

/// Adds a file in both forms: unchanged, and as a header, a zero byte and the data.
void add_model(Folder& folder, const std::string& file) {
  folder.add(text_of({0}) + file);
  folder.add(text_of({1}) + model::header_of(file) + text_of({0}) + model::data_of(file));
}

void seed_model(Folder folder) {
  mote::Layer normalized{3, mote::Activation::relu};
  normalized.batch_norm = true;
  model::Model small(mote::Topology{2, {2, mote::Activation::softmax}});
  model::Model deep(mote::Topology{4, {3, mote::Activation::tanh}, {2, mote::Activation::gelu}, {1}});
  model::Model norms(mote::Topology{6, normalized, {2, mote::Activation::softmax}});
  norms.description.rows = 2, norms.description.columns = 3;
  const std::string names = "zero\n\"one\" \xc3\xa4\xf0\x9f\x98\x80";
  norms.description.class_names = model::bytes_of(names);
  norms.description.loss.label_smoothing = 0.125f;
  deep.description.loss = mote::Loss::huber;
  deep.description.targets = mote::ModelTargets::numbers;
  const float offsets[] = {0.5f, -2.0f, 0.0f, 1.0f}, scales[] = {1.0f, 0.25f, -3.0f, 8.0f};
  deep.description.input_offsets = offsets, deep.description.input_scales = scales;
  const std::string features = "a\nb\nc\nd", target = "price";
  deep.description.feature_names = model::bytes_of(features), deep.description.target_names = model::bytes_of(target);
  small.description.input_offset = -0.5f;
  for (const model::Model* model : {&small, &deep, &norms}) {
    const std::string file = model->written(), header = model::header_of(file);
    add_model(folder, file);
    // Without checksums, which nearly every change would break.
    const std::size_t sums = header.find(",\"fingerprint\""), end = header.find('}', sums);
    add_model(folder, model::file_of(header.substr(0, sums) + header.substr(end), model::data_of(file)));
    // With a bias before batch normalization, where there is one, and an answer that may be wrong.
    std::string more = header.substr(0, sums) + header.substr(end, header.rfind('}') - end),
                data = model::data_of(file);
    const mote::Topology& topology = model->topology();
    const auto add = [&](const std::string& name, std::size_t count) {
      const std::size_t begin = data.size();
      data += std::string(4 * count, '\0');
      more += ",\"" + name + R"(":{"dtype":"F32","shape":[)" + std::to_string(count) + R"(],"data_offsets":[)" +
              std::to_string(begin) + "," + std::to_string(data.size()) + "]}";
    };
    if (topology.layers[0].batch_norm) add("layers.0.bias", topology.outputs_of(0));
    add("golden.inputs", topology.inputs);
    add("golden.outputs", topology.outputs());
    add_model(folder, model::file_of(more + "}", data));
  }
}

void seed_checkpoint(Folder folder) {
  fuzz::CheckpointCase run;
  folder.add(run.written({}));
  fuzz::require(run.trainer().begin_epoch(run.dataset()).ok() && run.trainer().train_batch().ok(), "it trains");
  const std::string note = "a note";
  folder.add(run.written(model::bytes_of(note)));
  fuzz::require(run.trainer().train_epoch(run.dataset()).ok(), "it trains");
  folder.add(run.written({}));
}

/// Flash memory with two records, written by the library.
std::string slots_of(std::uint32_t unit, std::uint32_t slot_bytes) {
  std::string memory(2 * std::size_t{slot_bytes}, '\xff');
  mote::Flash flash;
  flash.slot_bytes = slot_bytes, flash.write_bytes = unit, flash.context = memory.data();
  flash.read = [](void* context, std::uint32_t offset, mote::Memory to) {
    std::memcpy(to.data(), static_cast<char*>(context) + offset, to.size());
    return true;
  };
  flash.erase = [](void*, std::uint32_t, std::uint32_t) { return true; };
  flash.write = [](void* context, std::uint32_t offset, mote::Bytes bytes) {
    std::memcpy(static_cast<char*>(context) + offset, bytes.data(), bytes.size());
    return true;
  };
  for (const std::string text : {"first", "the second one"}) {
    mote::FlashWriter writer;
    fuzz::require(writer.begin(flash, text.size()).ok(), "a slot has room");
    const mote::ByteSink sink = writer.sink();
    fuzz::require(sink.write(sink.context, model::bytes_of(text)) && writer.commit().ok(),
                  "memory takes what is written");
  }
  return memory;
}

void seed_flash(Folder folder) {
  folder.add(text_of({0, 64, 255, 255, 9, 0}) + slots_of(1, 64));  // the save is not cut
  folder.add(text_of({3, 12, 30, 0, 9, 0}) + slots_of(8, 96));     // while it erases
  folder.add(text_of({2, 16, 70, 0, 20, 0}) + slots_of(4, 64));    // while it writes
  folder.add(text_of({8, 128, 255, 255, 200, 0}));                 // erased
}

void seed_options(Folder folder) {
  folder.add(text_of({0}) + "--hidden\n128,64\n--epochs=3\n--optimizer\nadam\n--learning-rate\n0.001");
  folder.add(text_of({0}) + "--load=a\n--evaluate\n--threads\n2");
  folder.add(text_of({0}) + "--autoencoder\n--loss\nhuber\n--huber-delta=2\n--schedule\nstep\n--decay-epochs\n2");
  folder.add(text_of({0}) +
             "--ensemble\n3\n--no-bootstrap\n--dropout\n0.5\n--early-stopping\nloss\n--stop-patience\n3");
  folder.add(text_of({0}) + "--resume=a\n--checkpoint-seconds\n5\n--save=b\n--class-names\nno,yes\n--seed\n7");
  folder.add(text_of({1}) + "--only\none,two\n--epochs\n3\n--json\n--isa\nv3");
}

/// The words and single characters of a text, in the format of libFuzzer's -dict.
void write_dictionary(const std::filesystem::path& path, const std::string& text, const std::string& marks) {
  constexpr const char* kWord = "abcdefghijklmnopqrstuvwxyz0123456789-_.";
  std::ofstream file(path);
  int count = 0;
  const auto add = [&](const std::string& word) { file << "word" << count++ << "=\"" << word << "\"\n"; };
  for (std::size_t at = 0; (at = text.find_first_of(kWord, at)) != std::string::npos;) {
    const std::size_t end = std::min(text.find_first_not_of(kWord, at), text.size());
    if (end - at > 1) add(text.substr(at, end - at));
    at = end;
  }
  for (const char mark : marks) add(std::string(mark == '"' || mark == '\\' ? "\\" : "") + mark);
  fuzz::require(file.flush().good(), "a dictionary can be written");
}

}  // namespace

int main(int count, char** arguments) {
  fuzz::require(count == 2, "one argument, a folder");
  const std::filesystem::path root = arguments[1];
  seed_idx(Folder(root / "idx"));
  seed_pgm(Folder(root / "pgm"));
  seed_csv(Folder(root / "csv"));
  seed_model(Folder(root / "model"));
  seed_foreign(Folder(root / "foreign"));
  seed_checkpoint(Folder(root / "checkpoint"));
  seed_flash(Folder(root / "flash"));
  seed_options(Folder(root / "options"));
  write_dictionary(root / "options.dict", tools::help_text(), "=,");
  write_dictionary(
      root / "model.dict",
      "sizes activations batch_norm loss huber_delta label_smoothing input_offset input_scale input_shape class_names "
      "target_names feature_names targets numbers inputs inputs.offset inputs.scale golden.inputs "
      "golden.outputs fingerprint checksum __metadata__ dtype F32 I64 shape data_offsets layers. norms. .weight .bias "
      ".running_mean .running_var .num_batches_tracked 0x1. p-3 identity sigmoid tanh relu leaky-relu elu "
      "selu gelu silu softplus softmax cross-entropy sigmoid-cross-entropy quadratic mae huber",
      "{}[]:,\"\\");
  return 0;
}
