// SPDX-License-Identifier: MIT
// Transformations of inputs and targets, moved into the parameters: a folded network takes elements as a sensor or a
// table has them, and answers in their units, without a transformation at run time. batch_norm.hpp folds batch
// normalization, which must come first.
#ifndef MOTE_FOLDING_HPP
#define MOTE_FOLDING_HPP

#include "mote/inputs.hpp"
#include "mote/topology.hpp"

namespace mote {

/// Changes the first layer so that the network takes elements x instead of inputs (x - offset) * scale:
///
///   W'[k][j] = scale[k] W[k][j],   b'[j] = b[j] - sum over k of offset[k] W'[k][j]
///
/// in double, with W' as it was rounded: its rounding then acts on x - offset, not on x. transformation: offsets and
/// scales, of no samples or of any. parameters: topology.parameter_count() floats. An error leaves them unchanged: of
/// check(topology) and check(transformation); input_size_mismatch; batch_norm_not_folded for a layer with batch
/// normalization; memory_too_small; not_finite (expected: layer) for a parameter that exceeds the range of floats.
Result fold_inputs(const Topology& topology, const Inputs& transformation, Span<float> parameters);

/// Changes the last layer so that a network that learned (target - offset) * scale answers in the units of targets:
///
///   W'[k][j] = W[k][j] / scale[j],   b'[j] = b[j] / scale[j] + offset[j]
///
/// in double. offsets, scales: [outputs], finite, no scale 0. Errors, which leave the parameters unchanged:
/// loss_activation_mismatch unless the output activation is identity; bad_input_scale (found: output); the others as
/// fold_inputs().
Result fold_targets(const Topology& topology, Span<const float> offsets, Span<const float> scales,
                    Span<float> parameters);

}  // namespace mote

#endif  // MOTE_FOLDING_HPP
