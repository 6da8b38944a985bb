// SPDX-License-Identifier: MIT
// Headers that others, or an enemy, may have written.
#include "files/model_header.hpp"

#include <gtest/gtest.h>

#include "support/model_support.hpp"

namespace {

using mote::Activation;
using mote::ModelDescription;
using mote::Result;
using mote::Status;

const std::string kMetadata = R"("sizes":"3,2","activations":"softmax","loss":"cross-entropy")";
const std::string kWeight = R"("layers.0.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]})";
const std::string kBias = R"("layers.0.bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]})";

std::string header(const std::string& metadata, const std::string& tensors) {
  return "{\"__metadata__\":{" + metadata + "}," + tensors + "}";
}

Result read(const std::string& text, std::size_t data_bytes = 32) {
  ModelDescription model;
  return model::read_description(model::file_of(text, std::string(data_bytes, '\0')), model);
}

Result with_metadata(const std::string& metadata) {
  return read(header(metadata, kWeight + "," + kBias));
}

Result with_tensors(const std::string& tensors, std::size_t data_bytes = 32) {
  return read(header(kMetadata, tensors), data_bytes);
}

TEST(ModelHeader, TakesWhatOthersWrite) {
  EXPECT_TRUE(with_tensors(kWeight + "," + kBias).ok());
  EXPECT_TRUE(with_tensors(kBias + "," + kWeight).ok());
  EXPECT_TRUE(read("{" + kBias + "," + kWeight + ",\"__metadata__\":{" + kMetadata + "}}   ").ok());
  EXPECT_TRUE(with_metadata(kMetadata + R"(,"format":"pt","made by":"caf\u00e9")").ok());
  EXPECT_TRUE(
      with_tensors(" \"layers.0.weight\" : { \"data_offsets\" : [ 8 , 32 ] ,\n\"shape\":[2,3], \"dtype\":\"F32\"},"
                   R"("layers.0.b\u0069as":{"dtype":"F32","shape":[2],"data_offsets":[0,8]})")
          .ok());
  const std::string norms = R"("layers.0.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                            R"("norms.0.weight":{"dtype":"F32","shape":[2],"data_offsets":[24,32]},)"
                            R"("norms.0.bias":{"dtype":"F32","shape":[2],"data_offsets":[32,40]},)"
                            R"("norms.0.running_mean":{"dtype":"F32","shape":[2],"data_offsets":[40,48]},)"
                            R"("norms.0.running_var":{"dtype":"F32","shape":[2],"data_offsets":[48,56]},)"
                            R"("norms.0.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[56,64]},)"
                            R"("layers.1.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[64,72]},)"
                            R"("layers.1.bias":{"dtype":"F32","shape":[1],"data_offsets":[72,76]})";
  EXPECT_TRUE(
      read(header(R"("sizes":"3,2,1","activations":"relu,identity","batch_norm":"0","loss":"quadratic")", norms), 76)
          .ok());
}

TEST(ModelHeader, SkipsKeysOfTensorsThatItDoesNotKnow) {
  const std::string more = R"(,"strides":[3,1],"note":{"by":["me",null],"scale":-1.5e3})";
  EXPECT_TRUE(with_tensors(kWeight.substr(0, kWeight.size() - 1) + more + "}," + kBias).ok());
  const std::string broken = kWeight.substr(0, kWeight.size() - 1) + R"(,"note":[1,]},)" + kBias;
  EXPECT_EQ(with_tensors(broken).status, Status::model_syntax);
}

TEST(ModelHeader, ResolvesEscapesInValues) {
  ModelDescription model;
  const std::string escaped =
      R"("sizes":"\u0033\u002c2","activations":"\u0073oft\u006dax","loss":"cross\u002Dentropy",)"
      R"("input_scale":"0x\u0031p-8","input_shape":"1\u002C3","batch_norm_":"","targets":"\u006cabels")";
  EXPECT_TRUE(
      model::read_description(model::file_of(header(escaped, kWeight + "," + kBias), std::string(32, '\0')), model)
          .ok());
  EXPECT_EQ(model.topology.inputs, 3u);
  EXPECT_EQ(model.topology.output_activation(), Activation::softmax);
  EXPECT_EQ(model.input_scale, 0x1p-8f);
  EXPECT_EQ(model.columns, 3u);
}

TEST(ModelHeader, KnowsBothNamesOfSilu) {
  const std::string tensors = R"("layers.0.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                              R"("layers.0.bias":{"dtype":"F32","shape":[2],"data_offsets":[24,32]},)"
                              R"("layers.1.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[32,40]},)"
                              R"("layers.1.bias":{"dtype":"F32","shape":[1],"data_offsets":[40,44]})";
  for (const char* name : {"silu", "swish"}) {
    ModelDescription model;
    const std::string metadata =
        std::string(R"("sizes":"3,2,1","activations":")") + name + R"(,identity","loss":"quadratic")";
    EXPECT_TRUE(model::read_description(model::file_of(header(metadata, tensors), std::string(44, '\0')), model).ok());
    EXPECT_EQ(model.topology.layers[0].activation, Activation::silu) << name;
  }
}

TEST(ModelHeader, ReadsDecimalFractions) {
  const struct {
    const char* text;
    float expected;
  } cases[] = {{"0.00392156862745098", 1.0f / 255.0f},
               {"3.92156862745098e-3", 1.0f / 255.0f},
               {"1", 1.0f},
               {"-1.5", -1.5f},
               {"0.1", 0.1f},
               {"00.1", 0.1f},
               {"12e1", 120.0f},
               {"1E+2", 100.0f},
               {"1e-45", 0x1p-149f},
               {"3.4028235e38", 0x1.fffffep127f},
               {".5", 0.5f},
               {"16777217", 16777216.0f},
               {"3.4028236e38", 0.0f},
               {"1e999", 0.0f},
               {"1e-999", 0.0f},
               {"1e", 0.0f},
               {"1p3", 0.0f},
               {"0.1f", 0.0f},
               {"1.2.3", 0.0f},
               {"e5", 0.0f},
               {"0000000000000000000000.5", 0.5f},
               {"1.23456789012345678", 1.2345679f},
               {"12345678901234567890", 0.0f},
               {"+1", 0.0f}};
  for (const auto& c : cases) {
    ModelDescription model;
    const std::string text = header(kMetadata + ",\"input_scale\":\"" + c.text + "\"", kWeight + "," + kBias);
    const Result result = model::read_description(model::file_of(text, std::string(32, '\0')), model);
    EXPECT_EQ(result.ok(), c.expected != 0.0f) << c.text;
    if (result.ok()) {
      EXPECT_EQ(model.input_scale, c.expected) << c.text;
    }
  }
  for (const char* zero : {"0", "0.000", "0e5", "-0e-5"}) {
    EXPECT_TRUE(with_metadata(kMetadata + ",\"input_offset\":\"" + zero + "\"").ok()) << zero;
    EXPECT_FALSE(with_metadata(kMetadata + ",\"input_scale\":\"" + zero + "\"").ok()) << zero;
  }
}

TEST(ModelHeader, ReadsHexadecimalFractionsOfCAndPython) {
  const struct {
    const char* text;
    float expected;
  } cases[] = {{"0x1.010102p-8", 1.0f / 255.0f},
               {"0x1.0101010101010p-8", 1.0f / 255.0f},
               {"0x1p+0", 1.0f},
               {"0x1p0", 1.0f},
               {"0x1.999999999999ap-4", 0.1f},
               {"0X", 0.0f},
               {"0x0.0000020p-126", 0x1p-149f},
               {"0xA.Bp3", 85.5f},
               {"0x1", 0.0f},
               {"0x1p", 0.0f},
               {"0xp1", 0.0f},
               {"0x1p128", 0.0f},
               {"0x1p-151", 0.0f},
               {"-0x1.8p0", -1.5f},
               {"--0x1p0", 0.0f},
               {"-", 0.0f},
               {"0x1p9999", 0.0f},
               {"0x1.000000000000000p0", 1.0f},
               {"0x1.0000000000000000p0", 0.0f},
               {"0x1p0 ", 0.0f},
               {"0x1.2.3p0", 0.0f},
               {"", 0.0f}};
  for (const auto& c : cases) {
    ModelDescription model;
    const std::string text = header(kMetadata + ",\"input_scale\":\"" + c.text + "\"", kWeight + "," + kBias);
    const Result result = model::read_description(model::file_of(text, std::string(32, '\0')), model);
    if (c.expected == 0.0f) {
      EXPECT_EQ(result.status, Status::model_metadata) << c.text;
      EXPECT_EQ(result.found, 8 + text.find(std::string(":\"") + c.text + "\"},") + 1) << c.text;
    } else {
      EXPECT_TRUE(result.ok()) << c.text;
      EXPECT_EQ(model.input_scale, c.expected) << c.text;
    }
  }
}

TEST(ModelHeader, RefusesMetadataThatMakeNoNetwork) {
  const struct {
    const char* metadata;
    Status status;
    const char* key = "";
  } cases[] = {
      {"", Status::model_metadata, "sizes"},
      {R"("activations":"softmax","loss":"cross-entropy")", Status::model_metadata, "sizes"},
      {R"("sizes":"3,2","loss":"cross-entropy")", Status::model_metadata, "activations"},
      {R"("sizes":"3,2","activations":"softmax")", Status::model_metadata, "loss"},
      {R"("sizes":"","activations":"softmax","loss":"cross-entropy")", Status::model_metadata, "sizes"},
      {R"("sizes":"3","activations":"softmax","loss":"cross-entropy")", Status::model_metadata, "activations"},
      {R"("sizes":"3,","activations":"softmax","loss":"cross-entropy")", Status::model_metadata, "sizes"},
      {R"("sizes":"3,,2","activations":"softmax","loss":"cross-entropy")", Status::model_metadata, "sizes"},
      {R"("sizes":"3, 2","activations":"softmax","loss":"cross-entropy")", Status::model_metadata, "sizes"},
      {R"("sizes":"3,-2","activations":"softmax","loss":"cross-entropy")", Status::model_metadata, "sizes"},
      {R"("sizes":"3,4294967298","activations":"softmax","loss":"cross-entropy")", Status::model_metadata, "sizes"},
      {R"("sizes":"3,0","activations":"softmax","loss":"cross-entropy")", Status::layer_size_out_of_range},
      {R"("sizes":"3,1048577","activations":"softmax","loss":"cross-entropy")", Status::layer_size_out_of_range},
      {R"("sizes":"3,2","activations":"","loss":"cross-entropy")", Status::model_metadata, "activations"},
      {R"("sizes":"3,2","activations":"softmaxx","loss":"cross-entropy")", Status::model_metadata, "activations"},
      {R"("sizes":"3,2","activations":"softma","loss":"cross-entropy")", Status::model_metadata, "activations"},
      {R"("sizes":"3,2","activations":"relu,softmax","loss":"cross-entropy")", Status::model_metadata, "activations"},
      {R"("sizes":"3,2","activations":"softmax,","loss":"cross-entropy")", Status::model_metadata, "activations"},
      {R"("sizes":"3,2,2","activations":"softmax,softmax","loss":"cross-entropy")", Status::softmax_not_last},
      {R"("sizes":"3,2","activations":"softmax","loss":"hinge")", Status::model_metadata, "loss"},
      {R"("sizes":"3,2","activations":"relu","loss":"cross-entropy")", Status::loss_activation_mismatch},
      {R"("sizes":"3,2","activations":"softmax","loss":"cross-entropy","batch_norm":"0")",
       Status::batch_norm_in_last_layer},
      {R"("sizes":"3,2","activations":"softmax","loss":"cross-entropy","batch_norm":"1")", Status::model_metadata,
       "batch_norm"},
      {R"("sizes":"3,2","activations":"softmax","loss":"cross-entropy","input_shape":"2,2")", Status::model_metadata,
       "input_shape"},
      {R"("sizes":"3,2","activations":"softmax","loss":"cross-entropy","input_shape":"3")", Status::model_metadata,
       "input_shape"},
      {R"("sizes":"3,2","activations":"softmax","loss":"cross-entropy","input_shape":"1,3,1")", Status::model_metadata,
       "input_shape"},
      {R"("sizes":"3,2","activations":"softmax","loss":"cross-entropy","class_names":"a")", Status::model_names},
      {R"("sizes":"3,2","activations":"softmax","loss":"cross-entropy","class_names":"a\nb\nc")", Status::model_names},
      {R"("sizes":"3,2","activations":"softmax","loss":"cross-entropy","feature_names":"a")", Status::model_names},
      {R"("sizes":"3,2","activations":"softmax","loss":"cross-entropy","target_names":"a")", Status::model_names},
      {R"("sizes":"3,2","activations":"softmax","loss":"cross-entropy","input_offset":"1.0.0")", Status::model_metadata,
       "input_offset"},
      {R"("sizes":"3,2","activations":"softmax","loss":"cross-entropy","checksum":"1234567")", Status::model_metadata,
       "checksum"},
      {R"("sizes":"3,2","activations":"softmax","loss":"cross-entropy","checksum":"1234567g")", Status::model_metadata,
       "checksum"},
      {R"("sizes":"3,2","activations":"softmax","loss":"cross-entropy","fingerprint":"")", Status::model_metadata,
       "fingerprint"},
      {R"("sizes":"3,2","activations":"softmax","loss":"cross-entropy","targets":"label")", Status::model_metadata,
       "targets"},
      {R"("sizes":"3,2","activations":"softmax","loss":"cross-entropy","targets":"labels,")", Status::model_metadata,
       "targets"},
      {R"("sizes":"3,2","sizes":"3,2","activations":"softmax","loss":"cross-entropy")", Status::model_syntax},
      {R"("x":"1","y":"1","\u0078":"2","sizes":"3,2","activations":"softmax","loss":"mae")", Status::model_syntax},
      {R"("sizes":[3,2],"activations":"softmax","loss":"cross-entropy")", Status::model_syntax},
      {R"("sizes":"3,2","activations":"softmax","loss":{})", Status::model_syntax},
  };
  for (const auto& c : cases) {
    const Result result = with_metadata(c.metadata);
    EXPECT_EQ(result.status, c.status) << c.metadata;
    if (c.status != Status::model_metadata) continue;
    EXPECT_STREQ(mote::model_metadata_name(static_cast<std::size_t>(result.expected)), c.key) << c.metadata;
    const std::string text = header(c.metadata, ""), key = std::string("\"") + c.key + "\":";
    const std::size_t at = text.find(key);
    EXPECT_EQ(result.found, at == std::string::npos ? 0 : 8 + at + key.size()) << c.metadata;
  }
  EXPECT_STREQ(mote::model_metadata_name(0), "sizes");
  EXPECT_EQ(mote::model_metadata_name(16), nullptr);
  std::string many = kMetadata;
  for (int i = 3; i < 64; ++i) many += ",\"" + std::to_string(i) + "\":\"\"";
  EXPECT_TRUE(with_metadata(many).ok());
  EXPECT_EQ(with_metadata(many + ",\"one\":\"more\"").status, Status::model_syntax);
  EXPECT_EQ(with_metadata(many + ",\"one\":\"more\"").expected, 64u);
  std::string deep = "3";
  for (std::size_t l = 0; l <= mote::kMaxLayers; ++l) deep += ",2";
  EXPECT_EQ(with_metadata("\"sizes\":\"" + deep + R"(","activations":"softmax","loss":"mae")").status,
            Status::too_many_layers);
}

std::string weight_with(const std::string& what) {
  return "\"layers.0.weight\":{" + what + "}," + kBias;
}

TEST(ModelHeader, RefusesTensorsThatAreNotTheNetworks) {
  const struct {
    std::string tensors;
    Status status;
    const char* at = "";  // text at the byte found
  } cases[] = {
      {kWeight, Status::model_tensor, ""},
      {kBias, Status::model_tensor, ""},
      {kWeight + "," + kBias + "," + kBias, Status::model_syntax},
      {kWeight + "," + kBias + R"(,"layers.1.weight":{"dtype":"F32","shape":[],"data_offsets":[32,32]})",
       Status::model_tensor, "\"layers.1.weight\""},
      {kWeight + "," + kBias + R"(,"norms.0.num_batches_tracked":{"dtype":"I64","shape":[],"data_offsets":[32,40]})",
       Status::model_tensor, "\"norms.0.num_batches_tracked\""},
      {weight_with(R"("dtype":"F16","shape":[2,3],"data_offsets":[0,24])"), Status::model_tensor, "\"F16\""},
      {weight_with(R"("dtype":"F32","shape":[3,2],"data_offsets":[0,24])"), Status::model_tensor, "[3,2]"},
      {weight_with(R"("dtype":"F32","shape":[6],"data_offsets":[0,24])"), Status::model_tensor, "[6]"},
      {weight_with(R"("dtype":"F32","shape":[2,3,1],"data_offsets":[0,24])"), Status::model_tensor, "[2,3,1]"},
      {weight_with(R"("dtype":"F32","shape":[],"data_offsets":[0,24])"), Status::model_tensor, "[],"},
      {weight_with(R"("dtype":"F32","shape":[2,3],"data_offsets":[0,23])"), Status::model_tensor, "[0,23]"},
      {weight_with(R"("dtype":"F32","shape":[2,3],"data_offsets":[24,0])"), Status::model_tensor, "[24,0]"},
      {weight_with(R"("dtype":"F32","shape":[2,3],"data_offsets":[9,33])"), Status::model_truncated},
      {weight_with(R"("dtype":"F32","shape":[2,3],"data_offsets":[18446744073709551600,8])"), Status::model_tensor,
       "[18446744073709551600,8]"},
      {weight_with(R"("dtype":"F32","shape":[2,3],"data_offsets":[8,32])"), Status::model_gap},  // overlap
      {weight_with(R"("dtype":"F32","shape":[2,3],"data_offsets":[1,25])"), Status::model_gap},  // both
      {weight_with(R"("dtype":"F32","shape":[2,3])"), Status::model_syntax},
      {weight_with(R"("dtype":"F32","data_offsets":[0,24])"), Status::model_syntax},
      {weight_with(R"("shape":[2,3],"data_offsets":[0,24])"), Status::model_syntax},
      {weight_with(""), Status::model_syntax},
      {weight_with(R"("dtype":"F32","dtype":"F32","shape":[2,3],"data_offsets":[0,24])"), Status::model_syntax},
      {weight_with(R"("dtype":"F32","shape":[2,3],"data_offsets":[0])"), Status::model_syntax},
      {weight_with(R"("dtype":"F32","shape":[2,3],"data_offsets":[0,24,1])"), Status::model_syntax},
      {weight_with(R"("dtype":"F32","shape":[2,-3],"data_offsets":[0,24])"), Status::model_syntax},
      {weight_with(R"("dtype":"F32","shape":[2,3.0],"data_offsets":[0,24])"), Status::model_syntax},
      {weight_with(R"("dtype":32,"shape":[2,3],"data_offsets":[0,24])"), Status::model_syntax},
  };
  for (const auto& c : cases) {
    const Result result = with_tensors(c.tensors);
    EXPECT_EQ(result.status, c.status) << c.tensors;
    if (c.status != Status::model_tensor) continue;
    const std::string text = std::string(8, '-') + header(kMetadata, c.tensors);
    EXPECT_EQ(result.found == 0, *c.at == '\0') << c.tensors;
    if (result.found != 0) {
      EXPECT_EQ(text.rfind(c.at, static_cast<std::size_t>(result.found)), result.found) << c.tensors;
    }
  }
  EXPECT_EQ(with_tensors(kWeight + "," + kBias, 33).status, Status::model_gap);
  EXPECT_EQ(with_tensors(kWeight + "," + kBias, 33).found, 8 + header(kMetadata, kWeight + "," + kBias).size() + 32);
  EXPECT_EQ(with_tensors(kWeight + "," + kBias, 31).status, Status::model_truncated);
}

TEST(ModelHeader, SaysWhichTensorIsWrong) {
  ASSERT_EQ(with_tensors(kWeight + "," + kBias).status, Status::ok);
  for (const auto& [from, to] : {std::pair("F32", "F64"), std::pair("[2]", "[3]"), std::pair("[24,32]", "[25,32]")}) {
    std::string bias = kBias;
    ASSERT_NE(bias.find(from), std::string::npos) << bias;
    bias.replace(bias.find(from), std::string(from).size(), to);
    const Result result = with_tensors(kWeight + "," + bias);
    EXPECT_NE(result.status, Status::ok) << bias;
    EXPECT_EQ(result.expected, 1u) << bias;
  }
}

TEST(ModelHeader, RefusesWhatIsNoJson) {
  const std::string right = header(kMetadata, kWeight + "," + kBias);
  for (const std::string& text :
       {std::string(), std::string("{}"), " " + right, right + "x", right + right, right.substr(0, right.size() - 1),
        "[" + right + "]", "{" + kWeight + kBias + "}", header(kMetadata, kWeight + ",") + "}",
        std::string("{\"__metadata__\":null}"), std::string("\xef\xbb\xbf") + right, right + std::string(1, '\0'),
        "{\"__metadata__\":{}," + right.substr(1), std::string(10000, '{'), std::string(10000, '[')}) {
    EXPECT_FALSE(read(text).ok()) << text;
  }
  EXPECT_TRUE(read(right).ok());
}

TEST(ModelHeader, RefusesSizesThatDoNotFitTheFile) {
  ModelDescription model;
  const std::string text = header(kMetadata, kWeight + "," + kBias), file = model::file_of(text, std::string(32, '\0'));
  for (const std::uint64_t size : {std::uint64_t{text.size() + 33}, ~std::uint64_t{0}, ~std::uint64_t{0} - 7}) {
    std::string wrong = file;
    for (std::size_t i = 0; i < 8; ++i) wrong[i] = static_cast<char>(size >> 8 * i);
    EXPECT_EQ(model::read_description(wrong, model).status, Status::model_truncated) << size;
  }
  EXPECT_EQ(model::read_description("", model).status, Status::model_truncated);
  EXPECT_EQ(model::read_description(std::string(7, '\0'), model).status, Status::model_truncated);
  EXPECT_EQ(model::read_description(std::string(8, '\0'), model).status, Status::model_syntax);  // an empty header
  EXPECT_EQ(model::read_description("int main() {}", model).status, Status::model_syntax)
      << "no size, but another file";
}

TEST(ModelHeader, RefusesListsAndChecksumsThatAreNone) {
  for (const char* more : {R"("fingerprint":"000000000")", R"("fingerprint":"0000000")", R"("checksum":"000000000")",
                           R"("input_shape":"0,0")", R"("input_shape":"0,3")", R"("input_shape":"1,3,1")"}) {
    EXPECT_EQ(with_metadata(kMetadata + "," + more).status, Status::model_metadata) << more;
  }
  const std::string normed = R"("sizes":"3,2,1","activations":"relu,identity","loss":"quadratic","batch_norm":)";
  for (const char* list : {R"("0,0")", R"("0,")", R"("2")"}) {
    EXPECT_EQ(with_metadata(normed + list).status, Status::model_metadata) << list;
  }
}

TEST(ModelHeader, RefusesACountThatIsAnArray) {
  const std::string tensors = R"("layers.0.weight":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},)"
                              R"("norms.0.weight":{"dtype":"F32","shape":[2],"data_offsets":[24,32]},)"
                              R"("norms.0.bias":{"dtype":"F32","shape":[2],"data_offsets":[32,40]},)"
                              R"("norms.0.running_mean":{"dtype":"F32","shape":[2],"data_offsets":[40,48]},)"
                              R"("norms.0.running_var":{"dtype":"F32","shape":[2],"data_offsets":[48,56]},)"
                              R"("layers.1.weight":{"dtype":"F32","shape":[1,2],"data_offsets":[64,72]},)"
                              R"("layers.1.bias":{"dtype":"F32","shape":[1],"data_offsets":[72,76]},)"
                              R"("norms.0.num_batches_tracked":{"dtype":"I64","shape":)";
  const std::string metadata = R"("sizes":"3,2,1","activations":"relu,identity","batch_norm":"0","loss":"quadratic")";
  const std::string end = R"(,"data_offsets":[56,64]})";
  EXPECT_TRUE(read(header(metadata, tensors + "[]" + end), 76).ok());
  EXPECT_EQ(read(header(metadata, tensors + "[1]" + end), 76).status, Status::model_tensor);
}

}  // namespace
