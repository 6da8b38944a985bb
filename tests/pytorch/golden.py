# SPDX-License-Identifier: MIT
"""Trains small networks with PyTorch in double precision and prints what came of it: golden.txt, which
tests/training/pytorch_test.cpp holds mote to. `make pytorch-golden` runs this. What a case is made of:

  network   INPUTS, two hidden layers, OUTPUTS; parameters from the generator below, layer by layer, the weights
            [inputs][outputs] row by row, then the biases, then the scales of batch normalization if there is any
  data      SAMPLES samples of INPUTS bytes, divided by 256, and their labels (one-hot where a loss wants targets)
  training  STEPS mini-batches of BATCH samples, in order, again and again; after it, inference of all samples

All of these and all hyper-parameters are dyadic rationals of few digits, so that floats and doubles begin alike.
Another case is another line of CASES; the names in it are those of mote's tools (tools/common/names.hpp).
"""
import platform
import sys

import torch
from torch import nn, optim
from torch.nn import functional as F
from torch.optim import lr_scheduler as decay

INPUTS, HIDDEN, OUTPUTS = 5, (7, 6), 3
SAMPLES, BATCH, STEPS = 20, 5, 50


class Generator:
    """Knuth's and Lewis's linear congruential generator; its top bits are what is used."""

    def __init__(self, seed):
        self.state = seed

    def below(self, power_of_two):
        self.state = (1664525 * self.state + 1013904223) % 2**32
        return self.state * power_of_two // 2**32

    def weight(self):
        """An odd multiple of 1/1024 in (-1, 1)."""
        return (2 * self.below(1024) - 1023) / 1024


# The sum over outputs, the mean over samples. z: of the last layer, a: its activations, y: one-hot, c: the case.
LOSSES = {
    "quadratic": lambda z, a, y, c: 0.5 * (a - y).square().sum(1).mean(),
    # An output is one of two outcomes, over which smoothing spreads.
    "sigmoid-cross-entropy": lambda z, a, y, c: F.binary_cross_entropy_with_logits(
        z, y * (1 - c["smoothing"]) + c["smoothing"] / 2, reduction="sum") / len(y),
    "cross-entropy": lambda z, a, y, c: F.cross_entropy(z, y, label_smoothing=c["smoothing"]),
    "mae": lambda z, a, y, c: F.l1_loss(a, y, reduction="sum") / len(y),
    "huber": lambda z, a, y, c: F.huber_loss(a, y, reduction="sum", delta=c["huber_delta"]) / len(y),
}

ACTIVATIONS = {
    "identity": nn.Identity(), "sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(), "relu": nn.ReLU(),
    "leaky-relu": nn.LeakyReLU(0.01), "elu": nn.ELU(), "selu": nn.SELU(), "gelu": nn.GELU(), "silu": nn.SiLU(),
    "softplus": nn.Softplus(threshold=1000), "softmax": nn.Softmax(1),
}

MOMENTUM, RHO, BETAS = 0.875, 0.875, (0.875, 1 - 2**-8)
# g: groups of parameters. rate, epsilon: as in the case.
OPTIMIZERS = {
    "sgd": lambda g, rate, epsilon: optim.SGD(g, rate),
    "momentum": lambda g, rate, epsilon: optim.SGD(g, rate, MOMENTUM),
    "nesterov": lambda g, rate, epsilon: optim.SGD(g, rate, MOMENTUM, nesterov=True),
    "adagrad": lambda g, rate, epsilon: optim.Adagrad(g, rate, eps=epsilon),
    # PyTorch's epsilon is outside of the root, mote's inside: the only value that means the same is next to none.
    "rmsprop": lambda g, rate, epsilon: optim.RMSprop(g, rate, RHO, eps=epsilon),
    "adam": lambda g, rate, epsilon: optim.Adam(g, rate, BETAS, epsilon),
    "adamw": lambda g, rate, epsilon: optim.AdamW(g, rate, BETAS, epsilon),
    # 0.96^(t momentum_decay) = 0: beta1 stays what it is, as in mote. foreach, because the loop over single tensors of
    # PyTorch 1.13 has beta1^(t+2) where Dozat, foreach and later versions have beta1^(t+1).
    "nadam": lambda g, rate, epsilon: optim.NAdam(g, rate, BETAS, epsilon, momentum_decay=1e6, foreach=True),
}

SCHEDULES = {
    "none": lambda o, c: None,
    "step": lambda o, c: decay.StepLR(o, c["decay_steps"], c["factor"]),
    "exponential": lambda o, c: decay.ExponentialLR(o, c["factor"] ** (1 / c["decay_steps"])),
    "cosine": lambda o, c: decay.CosineAnnealingLR(o, c["decay_steps"], c["factor"] * c["rate"]),
}

# PyTorch's defaults, and mote's. Both move the running variance towards the unbiased one of a mini-batch.
NORM_MOMENTUM, NORM_EPSILON = 0.1, 1e-5

# What a case is where it does not say otherwise. decay: of weights, by adamw; the others penalise them with l1 and l2.
# batch_norm: 1: in the hidden layers.
USUAL = {
    "seed": 1, "hidden": "tanh", "output": "softmax", "loss": "cross-entropy", "optimizer": "sgd", "rate": 2**-2,
    "epsilon": 2**-20, "l1": 0, "l2": 0, "decay": 0, "schedule": "none", "decay_steps": 1, "factor": 0.5, "warmup": 0,
    "huber_delta": 1, "smoothing": 0, "clip_value": 0, "clip_norm": 0, "batch_norm": 0,
}
ADAPTIVE = {"rate": 2**-6}
CASES = [
    {"hidden": "sigmoid", "output": "sigmoid", "loss": "quadratic", "rate": 2},
    {"hidden": "tanh", "output": "identity", "loss": "quadratic", "rate": 2**-4},
    {"output": "softmax", "loss": "quadratic"},
    {"output": "softplus", "loss": "quadratic", "rate": 2**-4},
    {"output": "sigmoid", "loss": "sigmoid-cross-entropy"},
    {"output": "softmax", "loss": "cross-entropy"},
    *({"output": name, "loss": "mae", "rate": 2**-5} for name in ("identity", "sigmoid", "softmax")),
    *({"output": "identity", "loss": "huber", "huber_delta": delta, "rate": 2**-4} for delta in (1, 0.25)),
    *({"output": name, "loss": "huber", "huber_delta": 0.25} for name in ("sigmoid", "softmax")),
    {"output": "softmax", "loss": "cross-entropy", "smoothing": 0.125},
    {"output": "sigmoid", "loss": "sigmoid-cross-entropy", "smoothing": 0.125},
    *({"optimizer": name, "clip_value": 2**-5, "rate": 2**-4} for name in ("sgd", "nesterov")),
    *({"hidden": name, "seed": 2} for name in ACTIVATIONS if name != "softmax"),
    *({"hidden": name, "seed": 3, "optimizer": "adam", **ADAPTIVE} for name in ACTIVATIONS if name != "softmax"),
    *({"optimizer": name, "seed": 4, "rate": 2**-4} for name in ("momentum", "nesterov")),
    *({"optimizer": name, "seed": 5, **ADAPTIVE} for name in ("adagrad", "adam", "nadam")),
    *({"optimizer": name, "seed": 5, "epsilon": 2**-5, **ADAPTIVE} for name in ("adagrad", "adam", "nadam")),
    {"optimizer": "rmsprop", "seed": 5, "epsilon": 2**-80, **ADAPTIVE},
    *({"optimizer": name, "seed": 6, "rate": 2**-4, "l2": 2**-5} for name in ("sgd", "momentum", "nesterov")),
    *({"optimizer": name, "seed": 7, "l2": 2**-5, **ADAPTIVE} for name in ("adagrad", "adam", "nadam")),
    {"optimizer": "rmsprop", "seed": 7, "epsilon": 2**-80, "l2": 2**-5, **ADAPTIVE},
    {"optimizer": "adamw", "seed": 7, "decay": 2**-2, **ADAPTIVE},
    {"optimizer": "sgd", "seed": 8, "l1": 2**-9},
    {"schedule": "step", "seed": 9, "decay_steps": 15},
    {"schedule": "exponential", "seed": 9, "decay_steps": 15},
    {"schedule": "cosine", "seed": 9, "decay_steps": 50, "factor": 0.125, "optimizer": "adam", **ADAPTIVE},
    {"schedule": "cosine", "seed": 9, "decay_steps": 40, "factor": 0.125, "warmup": 10},
    *({"schedule": "step", "seed": 9, "decay_steps": 15, "optimizer": name, "rate": 2**-4}
      for name in ("momentum", "nesterov")),
    *({"schedule": "cosine", "seed": 9, "decay_steps": 40, "factor": 0.125, "warmup": 10, "optimizer": name,
       "rate": 2**-4} for name in ("momentum", "nesterov")),
    # Norms are from 0.5 to 2.5: some are clipped, some not.
    *({"optimizer": name, "seed": 10, "clip_norm": 1, "rate": 2**-4} for name in ("sgd", "momentum", "nesterov")),
    {"optimizer": "adam", "seed": 10, "clip_norm": 1, **ADAPTIVE},
    *({"batch_norm": 1, "hidden": name, "seed": 11, "rate": 2**-4} for name in ("relu", "tanh", "gelu")),
    *({"batch_norm": 1, "optimizer": name, "seed": 11, "rate": 2**-6} for name in ("momentum", "nesterov")),
    # With a smaller epsilon, PyTorch in floats is 5e-6 from PyTorch in doubles: indifferent to the size of
    # gradients, and of weights, these magnify every rounding.
    *({"batch_norm": 1, "optimizer": name, "seed": 11, "decay": decay, "epsilon": 2**-5, "rate": 2**-7}
      for name, decay in (("adam", 0), ("adamw", 2**-2))),
    {"batch_norm": 1, "seed": 11, "l2": 2**-5, "clip_norm": 0.75, "rate": 2**-4},
]


class Layer:
    """weights [inputs][outputs] and biases [outputs], as mote keeps them; with batch normalization also scales and
    running statistics [outputs]."""

    def __init__(self, random, inputs, outputs, batch_norm):
        draw_row = lambda: [random.weight() for _ in range(outputs)]
        self.weights = torch.tensor([draw_row() for _ in range(inputs)]).requires_grad_()
        self.biases = torch.tensor(draw_row()).requires_grad_()
        self.scales = torch.tensor(draw_row()).requires_grad_() if batch_norm else None
        self.means, self.variances = torch.zeros(outputs), torch.ones(outputs)

    def parameters(self):
        return [p for p in (self.weights, self.biases, self.scales) if p is not None]

    def pre_activations(self, a, training):
        if self.scales is None:
            return a @ self.weights + self.biases
        return F.batch_norm(a @ self.weights, self.means, self.variances, self.scales, self.biases, training,
                            NORM_MOMENTUM, NORM_EPSILON)


def make_layers(random, case):
    sizes = (INPUTS, *HIDDEN, OUTPUTS)
    return [Layer(random, inputs, outputs, case["batch_norm"] and l < len(HIDDEN))
            for l, (inputs, outputs) in enumerate(zip(sizes, sizes[1:]))]


def make_data(random):
    inputs = torch.tensor([[random.below(256) / 256 for _ in range(INPUTS)] for _ in range(SAMPLES)])
    labels = torch.tensor([random.below(256) % OUTPUTS for _ in range(SAMPLES)])
    return inputs, F.one_hot(labels, OUTPUTS).double()


def make_schedule(optimizer, case):
    after = SCHEDULES[case["schedule"]](optimizer, case)
    steps = case["warmup"]
    if steps == 0:
        return after
    warmup = decay.LinearLR(optimizer, 1 / steps, 1, steps - 1)
    return decay.SequentialLR(optimizer, [warmup, after], [steps])


def step_schedule(schedule, optimizer):
    """PyTorch's momentum sums up gradients and multiplies them by the rate of the moment; mote's velocity sums up steps,
    each at the rate it was taken with. They are the same if the sum is scaled back whenever the rate changes: the
    momentum correction of Goyal et al. 2017, section 3."""
    before = optimizer.param_groups[0]["lr"]
    schedule.step()
    for state in optimizer.state.values():
        if state.get("momentum_buffer") is not None:
            state["momentum_buffer"] *= before / optimizer.param_groups[0]["lr"]


def clip(parameters, case):
    if case["clip_value"]:
        nn.utils.clip_grad_value_(parameters, case["clip_value"])
    if case["clip_norm"]:
        # PyTorch divides by the norm + 1e-6, which the limit takes back.
        norm = nn.utils.clip_grad_norm_(parameters, float("inf"))
        nn.utils.clip_grad_norm_(parameters, case["clip_norm"] * (1 + 1e-6 / norm))


def loss_of(layers, inputs, targets, case, training):
    a = inputs
    for l, layer in enumerate(layers):
        z = layer.pre_activations(a, training)
        a = ACTIVATIONS[case["output" if l + 1 == len(layers) else "hidden"]](z)
    return LOSSES[case["loss"]](z, a, targets, case)


def train(case):
    """Losses of every mini-batch before its step, without penalties; then the trained layers and the loss of all
    samples in inference."""
    random = Generator(case["seed"])
    layers = make_layers(random, case)
    inputs, targets = make_data(random)
    weights = [layer.weights for layer in layers]
    parameters = [p for layer in layers for p in layer.parameters()]
    penalty = case["decay"] if case["optimizer"] == "adamw" else case["l2"]
    groups = [{"params": weights, "weight_decay": penalty},
              {"params": [p for layer in layers for p in layer.parameters()[1:]], "weight_decay": 0}]
    optimizer = OPTIMIZERS[case["optimizer"]](groups, case["rate"], case["epsilon"])
    schedule = make_schedule(optimizer, case)
    losses = []
    for step in range(STEPS):
        rows = [(step * BATCH + i) % SAMPLES for i in range(BATCH)]
        loss = loss_of(layers, inputs[rows], targets[rows], case, True)
        losses.append(loss.item())
        optimizer.zero_grad()
        (loss + case["l1"] * sum(w.abs().sum() for w in weights)).backward()
        clip(parameters, case)
        optimizer.step()
        if schedule:
            step_schedule(schedule, optimizer)
    with torch.no_grad():
        if case["optimizer"] == "nesterov":
            leave_gradient_point(parameters, optimizer)
        return losses, layers, loss_of(layers, inputs, targets, case, False).item()


def leave_gradient_point(parameters, optimizer):
    """PyTorch's Nesterov momentum keeps the point where the next gradient is taken, theta + momentum v with
    v = -rate momentum_buffer; mote's parameters are theta."""
    for p in parameters:
        p += MOMENTUM * optimizer.param_groups[0]["lr"] * optimizer.state[p]["momentum_buffer"]


def numbers(values):
    return " ".join(f"{value:.11g}" for value in values)


def elements(tensors):
    return [value for tensor in tensors for value in tensor.flatten().tolist()]


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    print(f"# Made by tests/pytorch/golden.py (make pytorch-golden) with PyTorch {torch.__version__}, "
          f"Python {platform.python_version()}, in double precision.")
    print("common", f"inputs {INPUTS} first {HIDDEN[0]} second {HIDDEN[1]} outputs {OUTPUTS} samples {SAMPLES} "
          f"batch {BATCH} steps {STEPS} momentum {MOMENTUM} rho {RHO} beta1 {BETAS[0]} beta2 {BETAS[1]}")
    for case in CASES:
        case = {**USUAL, **case}
        losses, layers, inference_loss = train(case)
        print("case", " ".join(f"{key} {value}" for key, value in case.items()))
        print("losses", numbers(losses))
        print("inference_loss", numbers([inference_loss]))
        print("parameters", numbers(elements(p for layer in layers for p in layer.parameters())))
        normalized = [layer for layer in layers if layer.scales is not None]
        if normalized:
            print("running_means", numbers(elements(layer.means for layer in normalized)))
            print("running_variances", numbers(elements(layer.variances for layer in normalized)))


if __name__ == "__main__":
    sys.exit(main())
