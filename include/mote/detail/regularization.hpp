// SPDX-License-Identifier: MIT
// Limits on gradients, which keep one bad batch from derailing training, and on weights, a form of regularization:
//
//   by norm    g <- g v / |g| if |g| > v, |g| over weights and biases of all layers     (Pascanu et al. 2013, alg. 1;
//                                                                                        Goodfellow et al. 2016, 10.48)
//   by value   g_i <- -v if g_i < -v, v if g_i > v                                      (Mikolov 2012)
//   max-norm   w <- w c / |w| if |w| > c, w the incoming weights of one unit            (Srivastava et al. 2014, 5.1)
//
// Norms are Euclidean. Squares are summed in one order on every machine. Numbers whose squares would overflow or
// underflow are scaled by a power of two: the norm is right for all finite numbers. A limited norm equals its limit up
// to rounding.
#ifndef MOTE_DETAIL_REGULARIZATION_HPP
#define MOTE_DETAIL_REGULARIZATION_HPP

#include <cstddef>

#include "mote/topology.hpp"

namespace mote {

/// Scales `gradients`, laid out as in topology.hpp, so that their norm is at most `limit`, finite and > 0. Returns
/// false and changes nothing if a gradient is NaN or infinite.
bool clip_norm(const Topology& topology, float limit, float* gradients);

/// Clips each of `count` gradients to [-limit, limit], limit > 0. Leaves NaN and infinite gradients unchanged, and
/// returns false if there is one.
bool clip_value(float limit, float* gradients, std::size_t count);

/// Scales every column of weights [inputs][columns], row stride `stride`, so that its norm is at most `limit`, finite
/// and > 0. Leaves columns with NaN or infinity unchanged. The columns may belong to a wider matrix.
void limit_column_norms(float limit, std::size_t inputs, std::size_t columns, std::size_t stride, float* weights);

}  // namespace mote

#endif  // MOTE_DETAIL_REGULARIZATION_HPP
