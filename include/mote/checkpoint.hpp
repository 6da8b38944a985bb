// SPDX-License-Identifier: MIT
// Everything that training goes on from, as bytes: what was saved and restored ends, bit for bit, where training
// without an interruption would have ended.
//
//   mote::write_checkpoint(trainer, {}, sink);                   // between any two batches
//   ... the power goes and comes back; bind() as before ...
//   mote::read_checkpoint(source, dataset, trainer);
//   while (trainer.samples_left() > 0) trainer.train_batch();    // the rest of the epoch
//
// The bytes, all numbers little-endian:
//
//   "mote ck1"                               8 bytes
//   size of everything                       8
//   size of the note, the note               8, ...
//   settings: how many, each as 8 bytes      8, ... topology, options, samples and arithmetic: what decides about bits
//   progress                                 64    TrainingProgress
//   model, optimizer state, kept parameters  8, ... each: how many floats, the floats
//   CRC-32 of all that                       4
//
// The order of the samples is not in it: it is drawn again from the state that the generator had before the epoch.
#pragma once

#include <cstdint>

#include "mote/bytes.hpp"
#include "mote/dataset.hpp"
#include "mote/trainer.hpp"

namespace mote {

/// The first bytes of every checkpoint, and the 0 after them.
inline constexpr char kCheckpointMagic[] = "mote ck1";

/// Bytes that write_checkpoint() hands to its sink, for a note of that size.
std::uint64_t checkpoint_bytes(const Trainer& trainer, std::size_t note_bytes);

/// note: bytes of the caller's that go with it, such as an EarlyStopping and its best parameters. write_failed.
Result write_checkpoint(const Trainer& trainer, Bytes note, const ByteSink& sink);

/// Checks that a checkpoint is whole (not what is in it), and says how large its note is. checkpoint_magic,
/// checkpoint_size, checkpoint_checksum or read_failed.
Result check_checkpoint(const ByteSource& file, std::uint64_t& note_bytes);

/// Fills `note`, which must be of the size that check_checkpoint() says.
Result read_checkpoint_note(const ByteSource& file, Memory note);

/// Brings a trainer that was bound to the same network, with the same options, to where the one was that was saved.
/// dataset: the one that is trained on. Workers and memory_rows may differ, as they change no bit.
/// checkpoint_differs, and `difference` names the first setting that is not the same, unless it is null. Everything is
/// checked before the trainer is changed; only read_failed may leave it to be bound or restored anew.
Result read_checkpoint(const ByteSource& file, const Dataset& dataset, Trainer& trainer,
                       const char** difference = nullptr);

}  // namespace mote
