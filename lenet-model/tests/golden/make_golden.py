"""Golden values of two LeNet-5 networks, computed by PyTorch, for the Rust tests to compare against.

An implementation that shares no code with ours says what every stage, every gradient and ten steps of training should be:

* lenet5-sparse.safetensors: the network of 1998 (Table I, trainable subsampling, scaled tanh) with a linear head;
* lenet5-dense.safetensors: the one most people call LeNet-5 (dense C3, plain average pooling, tanh).

Inputs and parameters are float32 numbers, stored as F32, so that an f32 and an f64 run start from the same ones. Everything
is computed in float64 on one thread of the CPU. The files are written beside this script, the same bytes each time.

Made with Python 3.11.7, torch 2.15.0, numpy 2.4.6, safetensors 0.8.0 (requirements.txt).
"""

import json
import platform
from pathlib import Path

import numpy
import safetensors
import torch
from safetensors.torch import save
from torch.nn.functional import avg_pool2d, conv2d, cross_entropy, linear, one_hot, softmax

SEED = 1998
BATCH = 3
STEPS = 10
OPTIMISER = {"lr": 0.05, "momentum": 0.9, "weight_decay": 1e-4}
HERE = Path(__file__).parent

# Table I of the paper: a row for each map of S2, a column for each map of C3. Transposed to [16, 6, 1, 1].
TABLE_I = """
    X...XXX..XXXX.XX
    XX...XXX..XXXX.X
    XXX...XXX..X.XXX
    .XXX..XXXX..X.XX
    ..XXX..XXXX.XX.X
    ...XXX..XXXX.XXX
"""
CONNECTED = torch.tensor([[cell == "X" for cell in row] for row in TABLE_I.split()]).T[:, :, None, None]

NETWORKS = {
    "sparse": {
        "parameters": 60_850,
        "network": "LeNet-5 of 1998 with a linear head: C3 connected by Table I (unconnected kernels are 0), "
        "S2 and S4 = f(coefficient * sum of 2x2 + bias), f(a) = 1.7159 tanh(2a/3) after C1, S2, C3, S4, C5, F6",
        "loss": "softmax, then squared error: sum over the 10 outputs of (p - one-hot)^2, mean over the batch",
    },
    "dense": {
        "parameters": 61_706,
        "network": "LeNet-5 as most people build it: C3 dense, S2 and S4 = average of 2x2 without parameters or "
        "activation, tanh after C1, C3, C5, F6",
        "loss": "softmax cross-entropy, mean over the batch",
    },
}


def to_f32(x):
    """Round to numbers that float32 holds, kept in float64."""
    return x.float().double()


def uniform(shape, low, high):
    return low + (high - low) * torch.rand(shape)


def draw_images():
    """[BATCH, 1, 32, 32]: two thick, smooth strokes each, in 256 levels on the paper's scale from -0.1 to 1.175."""
    grid = torch.arange(32.0)
    t = torch.linspace(0, 1, 60)
    bernstein = torch.stack([(1 - t) ** 2, 2 * t * (1 - t), t**2])  # [3, 60]
    images = []
    for _ in range(BATCH):
        stroke_ends = uniform((2, 2, 3), 7, 24)  # strokes, (y, x), control points
        y, x = (stroke_ends @ bernstein).transpose(0, 1).flatten(1)[:, :, None, None]  # [120, 1, 1] each
        distance_squared = ((grid[:, None] - y) ** 2 + (grid - x) ** 2).amin(0)
        ink = (1.5 * torch.exp(-distance_squared / 2)).clamp(max=1)
        images.append(-0.1 + 1.275 * (255 * ink).round() / 255)
    return to_f32(torch.stack(images)[:, None])


def draw_weight(shape, connected=None):
    """Uniform in +-2.4 / sqrt(F), F the fan-in of the unit; 0 where not connected.

    The paper divides by F. The root gives activations and gradients large enough to test the curved part of f.
    """
    connected = torch.ones((), dtype=torch.bool) if connected is None else connected
    connected = connected.expand(shape)
    fan_in = connected.flatten(1).sum(1).reshape(-1, *[1] * (len(shape) - 1))
    return torch.where(connected, to_f32(uniform(shape, -1, 1) * 2.4 / fan_in.sqrt()), 0.0).contiguous()


def draw_parameters(name):
    parameters = {}

    def stage(stage, shape, connected=None):
        parameters[f"{stage}.weight"] = draw_weight(shape, connected)
        parameters[f"{stage}.bias"] = to_f32(uniform(shape[:1], -0.1, 0.1))

    def subsampling(stage, maps):
        if name == "sparse":
            parameters[f"{stage}.coefficient"] = to_f32(uniform((maps,), 0.15, 0.35))
            parameters[f"{stage}.bias"] = to_f32(uniform((maps,), -0.1, 0.1))

    stage("c1", (6, 1, 5, 5))
    subsampling("s2", 6)
    stage("c3", (16, 6, 5, 5), CONNECTED if name == "sparse" else None)
    subsampling("s4", 16)
    stage("c5", (120, 16, 5, 5))
    stage("f6", (84, 120))
    stage("output", (10, 84))
    return parameters


def forward(name, p, x):
    """The output of every stage, after its activation function; the last is the logits."""
    sparse = name == "sparse"

    def f(a):
        return 1.7159 * torch.tanh(2 / 3 * a) if sparse else torch.tanh(a)

    def subsample(stage, x):
        if not sparse:
            return avg_pool2d(x, 2)
        sums = avg_pool2d(x, 2, divisor_override=1)
        return f(p[f"{stage}.coefficient"][:, None, None] * sums + p[f"{stage}.bias"][:, None, None])

    # Through `where`, kernels that are not connected have gradient 0 and so stay 0 in training.
    c3_weight = torch.where(CONNECTED, p["c3.weight"], 0.0) if sparse else p["c3.weight"]
    out = {}
    out["c1"] = f(conv2d(x, p["c1.weight"], p["c1.bias"]))
    out["s2"] = subsample("s2", out["c1"])
    out["c3"] = f(conv2d(out["s2"], c3_weight, p["c3.bias"]))
    out["s4"] = subsample("s4", out["c3"])
    out["c5"] = f(conv2d(out["s4"], p["c5.weight"], p["c5.bias"]))
    out["f6"] = f(linear(out["c5"].flatten(1), p["f6.weight"], p["f6.bias"]))
    out["output"] = linear(out["f6"], p["output.weight"], p["output.bias"])
    return out


def loss_of(name, logits, labels):
    if name == "dense":
        return cross_entropy(logits, labels)
    return (softmax(logits, 1) - one_hot(labels, 10)).square().sum(1).mean()


def leaves(tensors):
    return {key: tensor.clone().requires_grad_() for key, tensor in tensors.items()}


def train(name, parameters, x, labels):
    """The loss before each step on this batch, and the parameters after the last step."""
    p = leaves(parameters)
    optimiser = torch.optim.SGD(p.values(), **OPTIMISER)
    curve = []
    for _ in range(STEPS):
        optimiser.zero_grad()
        loss = loss_of(name, forward(name, p, x)["output"], labels)
        loss.backward()
        optimiser.step()
        curve.append(loss.item())
    return torch.tensor(curve), {key: tensor.detach() for key, tensor in p.items()}


def check_gradients(name, values, labels, gradients, step=1e-5):
    """Central differences at the steepest and at four random entries of the input and of each parameter."""
    values = {key: value.clone() for key, value in values.items()}

    def loss():
        return loss_of(name, forward(name, values, values["input"])["output"], labels).item()

    for key, gradient in gradients.items():
        flat, slopes = values[key].view(-1), gradient.flatten()
        for i in [slopes.abs().argmax(), *torch.randint(len(flat), (4,))]:
            kept = flat[i].item()
            flat[i] = kept + step
            above = loss()
            flat[i] = kept - step
            below = loss()
            flat[i] = kept
            measured, claimed = (above - below) / (2 * step), slopes[i].item()
            assert abs(measured - claimed) < 1e-9 + 1e-6 * abs(claimed), (name, key, i.item(), measured, claimed)


def serialise(tensors, metadata):
    """The bytes of a safetensors file, with sorted metadata: the library writes them in a different order each time."""
    data = save(tensors, {key: str(value) for key, value in metadata.items()})
    end = 8 + int.from_bytes(data[:8], "little")
    header = json.loads(data[8:end])
    header["__metadata__"] = dict(sorted(header["__metadata__"].items()))
    ordered = json.dumps(header, separators=(",", ":")).encode().ljust(end - 8)
    assert len(ordered) == end - 8
    return data[:8] + ordered + data[end:]


def make(name):
    torch.manual_seed(SEED)
    x = draw_images()
    labels = torch.tensor([5, 0, 4])
    parameters = draw_parameters(name)

    unconnected = 25 * int((~CONNECTED).sum()) if name == "sparse" else 0
    count = sum(p.numel() for p in parameters.values()) - unconnected
    assert count == NETWORKS[name]["parameters"], count

    values = leaves({**parameters, "input": x})
    activations = forward(name, values, values["input"])
    loss = loss_of(name, activations["output"], labels)
    loss.backward()
    gradients = {key: value.grad for key, value in values.items()}
    check_gradients(name, {**parameters, "input": x}, labels, gradients)

    curve, final = train(name, parameters, x, labels)
    assert curve[0] == loss and curve[-1] < curve[0], curve
    if name == "sparse":
        assert not torch.where(CONNECTED, 0.0, gradients["c3.weight"]).any()
        assert not torch.where(CONNECTED, 0.0, final["c3.weight"]).any()

    tensors = {"input": x.float(), "labels": labels, "loss": loss.detach().reshape(1), "curve": curve}
    tensors |= {f"param.{key}": value.float() for key, value in parameters.items()}
    tensors |= {f"activation.{key}": value.detach() for key, value in activations.items()}
    tensors |= {f"grad.{key}": value for key, value in gradients.items()}
    tensors["final.f6.weight"] = final["f6.weight"]

    metadata = {
        "python": platform.python_version(),
        "torch": torch.__version__,
        "numpy": numpy.__version__,
        "safetensors": safetensors.__version__,
        "seed": SEED,
        **NETWORKS[name],
        "optimiser": "torch.optim.SGD on every parameter, weight decay added to the gradient, no dampening, no Nesterov",
        "rate": OPTIMISER["lr"],
        "momentum": OPTIMISER["momentum"],
        "weight_decay": OPTIMISER["weight_decay"],
        "steps": STEPS,
        "curve": "loss before each step, all on this batch; final.* is after the last step",
    }
    path = HERE / f"lenet5-{name}.safetensors"
    path.write_bytes(data := serialise(tensors, metadata))
    print(f"{path.name}: {len(data):,} bytes, {len(tensors)} tensors, {count:,} parameters")
    print("  loss", " ".join(f"{value:.6f}" for value in curve))


if __name__ == "__main__":
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    for name in NETWORKS:
        make(name)
