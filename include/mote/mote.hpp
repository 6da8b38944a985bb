// SPDX-License-Identifier: MIT
// All of mote. An inference-only program needs just mote/network.hpp.
#pragma once

#include "mote/activation.hpp"
#include "mote/backpropagation.hpp"
#include "mote/checksum.hpp"
#include "mote/dataset.hpp"
#include "mote/evaluation.hpp"
#include "mote/idx.hpp"
#include "mote/initializer.hpp"
#include "mote/instruction_set.hpp"
#include "mote/kernels.hpp"
#include "mote/loss.hpp"
#include "mote/memory.hpp"
#include "mote/network.hpp"
#include "mote/optimizer.hpp"
#include "mote/parallel.hpp"
#include "mote/random.hpp"
#include "mote/span.hpp"
#include "mote/status.hpp"
#include "mote/topology.hpp"
#include "mote/trainer.hpp"
#include "mote/vector_math.hpp"
