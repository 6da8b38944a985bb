// SPDX-License-Identifier: MIT
// Limits: on gradients, so that one bad batch does not throw training off course, and on weights, as a regulariser.
//
//   by norm    g <- g v / |g| if |g| > v, |g| over weights and biases of all layers     (Pascanu et al. 2013, alg. 1;
//                                                                                        Goodfellow et al. 2016, 10.48)
//   by value   g_i <- -v if g_i < -v, v if g_i > v                                      (Mikolov 2012)
//   max-norm   w <- w c / |w| if |w| > c, w the incoming weights of one unit            (Srivastava et al. 2014, 5.1)
//
// Norms are Euclidean. Their squares are summed in one order on every machine, whatever computes, and scaled by a power
// of two where they would overflow or vanish: the norm is right for all finite numbers. A limited norm equals its limit
// but for rounding.
#pragma once

#include <cstddef>

#include "mote/topology.hpp"

namespace mote {

/// Scales `gradients`, laid out as topology.hpp says, so that their norm is at most `limit`: finite, > 0. false if one
/// of them is NaN or infinite; then none is changed.
bool clip_norm(const Topology& topology, float limit, float* gradients);

/// Brings each of `count` gradients into [-limit, limit], limit > 0. false if one of them is NaN or infinite; those
/// stay as they are.
bool clip_value(float limit, float* gradients, std::size_t count);

/// Scales every column of weights [inputs][columns], row stride `stride`, so that its norm is at most `limit`: finite,
/// > 0. Columns with NaN or infinity stay as they are. The columns may be some of a wider matrix.
void limit_column_norms(float limit, std::size_t inputs, std::size_t columns, std::size_t stride, float* weights);

}  // namespace mote
