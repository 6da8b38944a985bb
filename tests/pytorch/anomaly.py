# SPDX-License-Identifier: MIT
"""Trains PyTorch's twin of the network in tools/examples/anomaly.cpp on the same sounds, with several seeds, and compares
the AUC with that of the example. Run by `make pytorch-anomaly`; arguments: the folder of the programs, and the number of seeds."""
import subprocess
import sys

import numpy
import torch
from torch import nn

TRAINING, TESTS, EPOCHS, BATCH, FEATURES = 4000, 2500, 40, 64, 640
SIZES = (FEATURES, 128, 128, 128, 128, 8, 128, 128, 128, 128, FEATURES)


def network():
    layers = []
    for inputs, outputs in zip(SIZES[:-2], SIZES[1:-1]):
        layers += [nn.Linear(inputs, outputs), nn.BatchNorm1d(outputs), nn.ReLU()]
    layers.append(nn.Linear(SIZES[-2], SIZES[-1]))
    for layer in layers[::3]:
        nn.init.kaiming_normal_(layer.weight, nonlinearity="relu")
        nn.init.zeros_(layer.bias)
    return nn.Sequential(*layers)


def train(sounds, seed):
    torch.manual_seed(seed)
    model = network()
    adam = torch.optim.Adam(model.parameters(), lr=0.001)
    for _ in range(EPOCHS):
        for batch in torch.randperm(len(sounds)).split(BATCH):
            adam.zero_grad()
            loss = 0.5 * (model(sounds[batch]) - sounds[batch]).square().sum(1).mean()
            loss.backward()
            adam.step()
    return model.eval()


def auc(scores, is_anomaly):
    """Fraction of the pairs of an anomaly and a normal sound in which the anomaly has the higher score."""
    return (scores[is_anomaly][:, None] > scores[~is_anomaly][None, :]).mean()


def main(folder, seeds):
    sounds = subprocess.run([folder + "/pytorch/sounds", str(TRAINING), str(TESTS)], check=True, stdout=subprocess.PIPE)
    sounds = torch.from_numpy(numpy.frombuffer(sounds.stdout, numpy.float32).reshape(-1, FEATURES).copy())
    tests, is_anomaly = sounds[TRAINING:], numpy.arange(TESTS) % 5 != 0
    found = []
    for seed in range(1, seeds + 1):
        model = train(sounds[:TRAINING], seed)
        with torch.no_grad():
            scores = (model(tests) - tests).square().mean(1).numpy()
        found.append(auc(scores, is_anomaly))
        print(f"PyTorch, seed {seed}: AUC {found[-1]:.4f}", flush=True)
    example = subprocess.run([folder + "/examples/anomaly", str(EPOCHS)], check=True, stdout=subprocess.PIPE, text=True)
    mote = float(next(line for line in example.stdout.splitlines() if line.startswith("float32")).split()[1])
    mean = sum(found) / len(found)
    print(f"PyTorch, mean: AUC {mean:.4f}; mote: AUC {mote:.4f}")
    if abs(mote - mean) > 0.01:
        sys.exit("anomaly.py: the AUC of mote differs from PyTorch's by more than 0.01")


main(sys.argv[1], int(sys.argv[2]))
