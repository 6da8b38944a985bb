# SPDX-License-Identifier: MIT
"""Model files between mote and Python, both ways. `make interchange` runs this:

    interchange.py FOLDER_OF_PROGRAMS MNIST_FOLDER

  out   train saves networks; they are read here, and PyTorch's (else NumPy's) outputs are held to those of predict
  back  networks made here are written, as a state_dict() has them, and predict's outputs are held to PyTorch's

Prints the largest difference of each and fails where one is more than TOLERANCE. Needs NumPy; PyTorch if it is there.
The format is simple enough to need no package: read() and write() are all of it.
"""
import json
import os
import struct
import subprocess
import sys
import tempfile
import zlib

import numpy

try:
    import torch
    from torch import nn
except ImportError:
    torch = None

TOLERANCE = 1e-6
IMAGES = 100
TYPES = {"F32": "<f4", "I64": "<i8"}


def read(path):
    """The metadata and the tensors of a model file."""
    with open(path, "rb") as file:
        whole = file.read()
    (size,) = struct.unpack("<Q", whole[:8])
    header = json.loads(whole[8:8 + size])
    metadata = header.pop("__metadata__")
    tensors = {}
    for name, entry in header.items():
        begin, end = entry["data_offsets"]
        flat = numpy.frombuffer(whole[8 + size + begin:8 + size + end], TYPES[entry["dtype"]])
        tensors[name] = flat.reshape(entry["shape"])
    if "checksum" in metadata:
        blank = whole.replace(b'"checksum":"' + metadata["checksum"].encode(), b'"checksum":"00000000', 1)
        assert "%08x" % zlib.crc32(blank) == metadata["checksum"]
    return metadata, tensors


def write(path, metadata, tensors):
    header, offset = {"__metadata__": metadata}, 0
    for name, tensor in tensors.items():
        kind = "I64" if tensor.dtype == numpy.int64 else "F32"
        header[name] = {"dtype": kind, "shape": list(tensor.shape), "data_offsets": [offset, offset + tensor.nbytes]}
        offset += tensor.nbytes
    text = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.tobytes())


def activate(name, z):
    with numpy.errstate(over="ignore"):
        sigmoid = 1 / (1 + numpy.exp(-z))
    if name == "gelu":
        from math import erf
        return z * 0.5 * (1 + numpy.vectorize(erf)(z / 2**0.5))
    scale, alpha = 1.0507009873554805, 1.6732632423543772
    negative = numpy.expm1(numpy.minimum(z, 0))
    return {
        "identity": z, "sigmoid": sigmoid, "tanh": numpy.tanh(z), "relu": numpy.maximum(z, 0),
        "leaky-relu": numpy.where(z > 0, z, z / 100), "elu": numpy.where(z > 0, z, negative),
        "selu": numpy.where(z > 0, scale * z, scale * alpha * negative), "silu": z * sigmoid,
        "softplus": numpy.logaddexp(0, z),
        "softmax": numpy.exp(z - z.max(1, keepdims=True)) / numpy.exp(z - z.max(1, keepdims=True)).sum(1, keepdims=True),
    }[name]


def inputs_of(metadata, tensors, pixels):
    """Inputs of the network: one offset and scale for all pixels, or one of each."""
    offset = tensors.get("inputs.offset", numpy.float32(float.fromhex(metadata.get("input_offset", "0x0p+0"))))
    scale = tensors.get("inputs.scale", numpy.float32(float.fromhex(metadata.get("input_scale", (1 / 255).hex()))))
    return (pixels.astype("<f4") - offset) * scale


def outputs_of_numpy(metadata, tensors, pixels):
    a = inputs_of(metadata, tensors, pixels).astype(float)
    for l, name in enumerate(metadata["activations"].split(",")):
        z = a @ tensors[f"layers.{l}.weight"].astype(float).T
        if f"norms.{l}.weight" in tensors:
            mean, variance, scale, bias = (tensors[f"norms.{l}.{x}"].astype(float)
                                           for x in ("running_mean", "running_var", "weight", "bias"))
            z = (z - mean) / numpy.sqrt(variance + 1e-5) * scale + bias
        else:
            z = z + tensors[f"layers.{l}.bias"]
        a = activate(name, z)
    return a


if torch:
    ACTIVATIONS = {
        "identity": nn.Identity(), "sigmoid": nn.Sigmoid(), "tanh": nn.Tanh(), "relu": nn.ReLU(),
        "leaky-relu": nn.LeakyReLU(0.01), "elu": nn.ELU(), "selu": nn.SELU(), "gelu": nn.GELU(), "silu": nn.SiLU(),
        "softplus": nn.Softplus(threshold=1000), "softmax": nn.Softmax(1),
    }

    class Network(nn.Module):
        """What a model file of mote describes, as PyTorch would have it: state_dict() has the names of the file."""

        def __init__(self, metadata):
            super().__init__()
            sizes = [int(size) for size in metadata["sizes"].split(",")]
            normed = [int(l) for l in metadata.get("batch_norm", "").split(",") if l]
            self.activations = metadata["activations"].split(",")
            self.layers = nn.ModuleList(
                nn.Linear(m, n, bias=l not in normed) for l, (m, n) in enumerate(zip(sizes, sizes[1:])))
            self.norms = nn.ModuleDict({str(l): nn.BatchNorm1d(sizes[l + 1]) for l in normed})

        def forward(self, inputs):
            a = torch.from_numpy(inputs)
            for l, layer in enumerate(self.layers):
                z = layer(a)
                if str(l) in self.norms:
                    z = self.norms[str(l)](z)
                a = ACTIVATIONS[self.activations[l]](z)
            return a

    def outputs_of_torch(metadata, tensors, pixels):
        network = Network(metadata)
        network.load_state_dict({name: torch.from_numpy(tensor.copy()) for name, tensor in tensors.items()
                                 if not name.startswith(("inputs.", "golden."))})
        network.eval()
        with torch.no_grad():
            return network(inputs_of(metadata, tensors, pixels)).numpy()


def random_tensors(metadata):
    """A network of Python's making, its running statistics included."""
    if torch:
        torch.manual_seed(1)
        network = Network(metadata)
        for norm in network.norms.values():
            for numbers in norm.weight, norm.bias, norm.running_mean:
                nn.init.normal_(numbers)
            nn.init.uniform_(norm.running_var, 0.5, 2)
        return {name: tensor.numpy() for name, tensor in network.state_dict().items()}
    random = numpy.random.RandomState(1)
    sizes = [int(size) for size in metadata["sizes"].split(",")]
    normed = metadata.get("batch_norm", "").split(",")
    tensors = {}
    for l, (m, n) in enumerate(zip(sizes, sizes[1:])):
        tensors[f"layers.{l}.weight"] = random.uniform(-1, 1, (n, m)) / m**0.5
        if str(l) in normed:
            for name in "weight", "bias", "running_mean":
                tensors[f"norms.{l}.{name}"] = random.normal(size=n)
            tensors[f"norms.{l}.running_var"] = random.uniform(0.5, 2, n)
        else:
            tensors[f"layers.{l}.bias"] = random.uniform(-1, 1, n) / m**0.5
    return {name: tensor.astype("<f4") for name, tensor in tensors.items()}


def main(programs, mnist):
    worst = 0.0
    with tempfile.TemporaryDirectory() as folder:
        images, model = os.path.join(folder, "images"), os.path.join(folder, "model.safetensors")
        with open(os.path.join(mnist, "t10k-images-idx3-ubyte"), "rb") as file:
            pixels = file.read()[16:16 + IMAGES * 784]
        with open(images, "wb") as file:
            file.write(struct.pack(">4I", 0x803, IMAGES, 28, 28) + pixels)
        pixels = numpy.frombuffer(pixels, "u1").reshape(IMAGES, 784)

        def compare(direction, name):
            nonlocal worst
            printed = subprocess.run([programs + "/predict", model, images], check=True, stdout=subprocess.PIPE,
                                     text=True).stdout.splitlines()[1:]
            outputs = numpy.array([line.split(",")[3:] for line in printed], float)
            metadata, tensors = read(model)
            for other, function in (("NumPy", outputs_of_numpy), ("PyTorch", outputs_of_torch if torch else None)):
                if function is None:
                    continue
                difference = abs(outputs - function(metadata, tensors, pixels)).max()
                worst = max(worst, difference)
                print(f"{direction:5}{name:42}{other:8} largest difference {difference:.1e}")

        for options in ([], ["--batch-norm", "--hidden", "30,20"],
                        ["--activation", "gelu", "--hidden", "40", "--optimizer", "adam"],
                        ["--loss", "sigmoid-cross-entropy", "--activation", "tanh", "--hidden", "30,30"]):
            subprocess.run([programs + "/train", "--data", mnist, "--epochs", "1", "--train-limit", "5000", "--quiet",
                            "--save", model] + options, check=True, stdout=subprocess.DEVNULL)
            compare("out", " ".join(options[:3]) or "(defaults)")
        hidden = ["sigmoid", "tanh", "relu", "leaky-relu", "elu", "selu", "gelu", "silu", "softplus", "identity"]
        for name in hidden:
            for batch_norm in "", "0,1":
                metadata = {"sizes": "784,30,20,10", "activations": f"{name},{name},softmax", "loss": "cross-entropy",
                            "input_shape": "28,28"}
                tensors = random_tensors(metadata | ({"batch_norm": batch_norm} if batch_norm else {}))
                if batch_norm:
                    metadata["batch_norm"] = batch_norm
                    random = numpy.random.RandomState(2)  # an offset and a scale of each pixel
                    tensors["inputs.offset"] = random.uniform(0, 100, 784).astype("<f4")
                    tensors["inputs.scale"] = random.uniform(0.005, 0.01, 784).astype("<f4")
                else:
                    metadata["input_offset"], metadata["input_scale"] = (33.3).hex(), (1 / 78.6).hex()
                outputs = outputs_of_numpy(metadata, tensors, pixels[:1])[0]
                tensors["golden.inputs"], tensors["golden.outputs"] = pixels[0].astype("<f4"), outputs.astype("<f4")
                write(model, metadata, tensors)
                compare("back", name + (", batch norm, scaled pixels" if batch_norm else ""))
                tensors["golden.outputs"] = numpy.roll(tensors["golden.outputs"], 1)
                write(model, metadata, tensors)
                rejected = subprocess.run([programs + "/predict", model, images], stdout=subprocess.DEVNULL,
                                          stderr=subprocess.PIPE, text=True)
                assert rejected.returncode == 2 and "golden.outputs" in rejected.stderr, rejected.stderr
    print(f"largest difference {worst:.1e}, at most {TOLERANCE:.0e} allowed")
    return 0 if worst <= TOLERANCE else 1


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
