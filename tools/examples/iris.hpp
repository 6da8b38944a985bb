// A network trained by mote, written by tools/train --export-header. mote/flash_network.hpp says how to use it.
// Inputs, as in the table: sepal_length_cm, sepal_width_cm, petal_length_cm, petal_width_cm.
// Outputs: setosa, versicolor, virginica.
#pragma once

#if __has_include("mote/flash_network.hpp")
#include "mote/flash_network.hpp"
#else
#include "mote.hpp"  // written by `make dist`
#endif

// clang-format off
namespace iris {

inline constexpr mote::Topology kTopology{4, {32, mote::Activation::relu}, {3, mote::Activation::softmax}};
alignas(16) inline constexpr float kWeights[] = {
  // layer 1: [4][32]
  0.03022553f, 0.11708767f, -0.08017463f, -0.49317932f, -0.18634108f, 0.13268004f, 0.07465891f, -0.044277906f,
  0.09075743f, 0.38407844f, 0.006617368f, 0.39425543f, -0.019332824f, -0.17222084f, 0.08632559f, 0.19651769f,
  -0.40429974f, -0.14451045f, 0.10139483f, -0.40974918f, 0.23350202f, -0.220291f, -0.31542638f, -0.051651858f,
  0.1026004f, -0.23103218f, -0.39751253f, 0.059021585f, -0.055693116f, 0.4849235f, 0.052715976f, 0.13428402f,
  0.069113195f, -0.1389382f, 0.12935711f, -0.07713629f, 0.15771385f, 0.039183967f, -0.029853635f, -0.23657607f,
  0.35468203f, -0.10045515f, 0.11018405f, -0.44666478f, -0.09443661f, -0.12334724f, -0.014272355f, -0.36727193f,
  0.3422926f, -0.054541446f, -0.4708405f, 0.308075f, -0.21022391f, 0.14690416f, 0.31365386f, 0.31025872f, 0.32529774f,
  0.07337676f, -0.10807728f, 0.23346554f, -0.50807655f, 0.026181322f, 0.028330777f, -0.517806f,
  -0.2570501f, -0.15646276f, 0.24581663f, -0.2002024f, -0.05550541f, 0.67307746f, 0.3856519f, 0.6944045f, 0.5110917f,
  -0.12176629f, -0.2580351f, 0.0017128581f, 0.27203915f, 0.7231345f, 0.21920875f, -0.29560405f, -0.5199047f, 0.2749719f,
  0.3058246f, -0.18833756f, 0.38571522f, 0.057396177f, -0.02812257f, -0.43503124f, -0.7308355f, -0.7487626f,
  -0.2971909f, -0.1703694f, 0.5394057f, -0.28744197f, 0.028535027f, 0.5402226f,
  0.2429263f, 0.049868762f, -0.26986638f, -0.21892425f, -0.14485598f, 0.52213156f, 0.57172453f, 0.5283039f,
  -0.21582803f, 0.3312227f, -0.08083312f, -0.5081663f, 0.767413f, 0.35780525f, 0.6083581f, -0.115414165f, -0.4455626f,
  0.5530214f, 0.15506393f, -0.21378693f, 0.33190593f, -0.29384157f, -0.28940755f, -0.41798207f, 0.04278044f,
  -0.18046084f, -0.12665881f, -0.3523196f, 0.16296493f, -0.14109443f, -0.36900178f, 0.33785176f,
  // layer 2: [32][3]
  -0.39599687f, 0.26208955f, 0.004284681f,
  0.28814065f, 0.08211968f, -0.06721881f,
  -0.16277285f, 0.47520438f, 0.0039859354f,
  0.22663209f, 0.06839757f, -0.5704028f,
  0.18328851f, -0.17736684f, 0.52368027f,
  -0.5037228f, -0.6863126f, 0.17448519f,
  -0.3661341f, -0.23236923f, 0.09737647f,
  -0.41712373f, -0.8272166f, 0.29167098f,
  -0.416174f, 0.3858635f, -0.49455944f,
  -0.19104871f, 0.03378756f, 0.25532994f,
  0.09921108f, 0.1513901f, -0.07089278f,
  -0.44536343f, 0.52017313f, -0.36220005f,
  -0.030935204f, -0.5720821f, 0.5794815f,
  -0.15466061f, -0.80006415f, 0.06498471f,
  -0.5734044f, -0.4255726f, 0.14041463f,
  0.09042026f, 0.20653215f, -0.57034457f,
  0.32392251f, -0.49373955f, -0.3184842f,
  -0.31268856f, -0.2782013f, 0.55304796f,
  -0.6559096f, 0.20031339f, -0.2206482f,
  0.3717675f, -0.40476486f, -0.02703071f,
  -0.7019086f, -0.112330794f, 0.2110098f,
  0.33398584f, 0.37752926f, -0.5269572f,
  0.20660071f, -0.485789f, -0.556772f,
  0.35918182f, -0.39218265f, -0.18783271f,
  0.16762806f, -0.44679093f, -0.060268763f,
  0.62885463f, -0.36053523f, 0.1586226f,
  0.28518102f, 0.026223438f, -0.31872016f,
  0.13363524f, 0.3002951f, -0.92503446f,
  -0.5226855f, 0.65113217f, 0.3052405f,
  -0.24557824f, -0.057541016f, -0.057233572f,
  0.098876745f, -0.15758249f, 0.5629791f,
  -0.2448987f, 0.48038122f, 0.2800062f,
};
// One row per layer, padded to a multiple of 16.
alignas(16) inline constexpr float kBiases[] = {
  -0.10487832f, -0.096204974f, -0.13162066f, 0.24961399f, -0.0099391695f, -0.15630177f, -0.06359053f, -0.3309434f,
  0.21935141f, -0.08819083f, -0.0864243f, 0.33417413f, -0.20975289f, -0.250201f, -0.063205f, 0.05756501f, 0.032938212f,
  -0.08090715f, 0.48071358f, -0.011581701f, 0.16423805f, 0.48887548f, 0.08549904f, 0.15131064f, 0.005310503f,
  -0.026328856f, 0.13558343f, 0.680305f, 0.4380936f, -0.14928986f, -0.079319425f, 0.46616367f, -0.22107773f,
  0.32279488f, -0.25276378f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f,
};
inline constexpr mote::FlashModel kModel{kTopology, kWeights, kBiases};
static_assert(kModel.checked.ok(), "kModel.checked has the reason; for more layers define MOTE_MAX_LAYERS");
inline constexpr const char* kOutputNames[] = {
  "setosa",
  "versicolor",
  "virginica",
};

// The network takes (x - kOffsets[i]) * kScales[i] for the number x of feature i. For a missing number give it
// kOffsets[i], the mean of the training.
alignas(16) inline constexpr float kOffsets[] = {
  5.8141665f, 3.0483334f, 3.73f, 1.2091666f,
};
alignas(16) inline constexpr float kScales[] = {
  1.2672287f, 2.3270676f, 0.57951784f, 1.3055832f,
};
// View of samples like those of the training, [count][4], as floats or integers.
template <typename Element>
constexpr mote::Inputs inputs(const Element* samples, std::size_t count = 1) {
  return mote::Inputs(samples, count, 4).set_transformation(kOffsets, kScales);
}

// The first test sample and its outputs, for mote::verify().
alignas(16) inline constexpr float kGoldenInputs[] = {
  5.0f, 3.0f, 1.6f, 0.2f,
};
alignas(16) inline constexpr float kGoldenOutputs[] = {
  0.98894405f, 0.010471851f, 0.000584098f,
};
inline constexpr mote::Golden kGolden{inputs(kGoldenInputs), kGoldenOutputs, true, 0x9ed6dfff};

}  // namespace iris
