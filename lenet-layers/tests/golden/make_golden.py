"""Golden values of optimisers, losses and functions, computed by PyTorch, for the Rust tests to compare against.

Writes values.rs beside this script: inputs that float32 holds exactly, and results computed in float64 on the CPU.
The same bytes each time: python make_golden.py

Made with torch 2.15.0 (pip install torch).
"""

from pathlib import Path

import torch
from torch.nn import functional as f

torch.set_default_dtype(torch.float64)
torch.manual_seed(1998)

STEPS = 3
LINES = []


def draw(*shape):
    """Multiples of 1/64 in +-1."""
    return torch.randint(-64, 65, shape) / 64


def name_of(shape):
    kind = "f64"
    for n in reversed(shape):
        kind = f"[{kind}; {n}]"
    return kind


def write(name, tensor, doc):
    tensor = torch.as_tensor(tensor)
    LINES.append(f"/// {doc}")
    LINES.append(f"pub(crate) const {name}: {name_of(tensor.shape)} = {tensor.tolist()!r};")


PARAMETERS, GRADIENTS = draw(9), draw(STEPS, 9)
# A gradient of zero, and one far smaller than the others.
GRADIENTS[:, 3] = 0
GRADIENTS[:, 4] *= 2**-30


def optimiser(name, make):
    p = PARAMETERS.clone().requires_grad_()
    optimiser, after = make([p]), []
    for g in GRADIENTS:
        p.grad = g.clone()
        optimiser.step()
        after.append(p.detach().clone())
    write(name, torch.stack(after), f"The parameters after each step of {make.__doc__}.")


def sgd(p):
    """SGD(lr=0.125, momentum=0.9, weight_decay=0.01)"""
    return torch.optim.SGD(p, lr=0.125, momentum=0.9, weight_decay=0.01)


def nesterov(p):
    """SGD(lr=0.125, momentum=0.9, weight_decay=0.01, nesterov=True)"""
    return torch.optim.SGD(p, lr=0.125, momentum=0.9, weight_decay=0.01, nesterov=True)


def adam(p):
    """Adam(lr=0.125, weight_decay=0.01)"""
    return torch.optim.Adam(p, lr=0.125, weight_decay=0.01)


def adam_own(p):
    """Adam(lr=0.125, betas=(0.5, 0.75), eps=0.01)"""
    return torch.optim.Adam(p, lr=0.125, betas=(0.5, 0.75), eps=0.01)


def adam_w(p):
    """AdamW(lr=0.125, weight_decay=0.01)"""
    return torch.optim.AdamW(p, lr=0.125, weight_decay=0.01)


def clipped():
    p = PARAMETERS.clone().requires_grad_()
    p.grad = GRADIENTS[0].clone()
    norm = torch.nn.utils.clip_grad_norm_([p], 0.5)
    write("NORM", norm, "The norm of the first gradient.")
    write("CLIPPED", p.grad, "The first gradient after clip_grad_norm_(0.5).")


write("PARAMETERS", PARAMETERS, "The parameters before the first step.")
write("GRADIENTS", GRADIENTS, "The gradient of each step.")
for make in (sgd, nesterov, adam, adam_own, adam_w):
    optimiser(make.__name__.upper(), make)
clipped()



def loss(name, y, function, *arguments, **options):
    """The losses of a batch, each summed over the outputs, and their gradient."""
    y = y.clone().requires_grad_()
    total = function(y, *arguments, reduction="sum", **options)
    total.backward()
    write(name, total, f"The sum over the batch of {function.__name__}({', '.join(f'{k}={v}' for k, v in options.items())}).")
    write(f"{name}_GRADIENT", y.grad, "Its gradient.")


# Outputs of up to 8, and targets from -1 to 1, or from 0 to 1.
OUTPUTS, NUMBERS, SHARES, CLASSES = 8 * draw(3, 6), draw(3, 6), (draw(3, 6) + 1) / 2, [5, 0, 3]
SHARES[0, :2] = torch.tensor([0.0, 1.0])
write("OUTPUTS", OUTPUTS, "The outputs of a batch of three.")
write("NUMBERS", NUMBERS, "A target for each.")
write("SHARES", SHARES, "Targets from 0 to 1.")
loss("SQUARED", OUTPUTS, f.mse_loss, NUMBERS)
loss("HUBER", OUTPUTS, f.huber_loss, NUMBERS, delta=1.5)
loss("BINARY", OUTPUTS, f.binary_cross_entropy_with_logits, SHARES)
loss("SMOOTHED", OUTPUTS, f.cross_entropy, torch.tensor(CLASSES), label_smoothing=0.125)


def function(name, function, **options):
    x = INPUTS.clone().requires_grad_()
    y = function(x, **options)
    y.sum().backward()
    write(name, y, f"{function.__name__} of the inputs.")
    write(f"{name}_SLOPE", x.grad, "Its derivative.")


# None is at a kink.
INPUTS = torch.cat([torch.arange(-8, 9) * 0.75 + 0.125, torch.tensor([-40.0, 25.0])])
write("INPUTS", INPUTS, "Inputs of functions.")
function("LEAKY_RELU", f.leaky_relu)
function("GELU", f.gelu, approximate="tanh")
function("SILU", f.silu)
function("HARDSWISH", f.hardswish)



class Branches(torch.nn.Module):
    """relu(conv(relu(norm(conv(x)))) + x), then the mean of each map."""

    def __init__(self):
        super().__init__()
        self.c1, self.n1, self.c2 = torch.nn.Conv2d(2, 3, 1), torch.nn.BatchNorm2d(3), torch.nn.Conv2d(3, 2, 1)

    def forward(self, x):
        return f.relu(self.c2(f.relu(self.n1(self.c1(x)))) + x).mean((2, 3))


def branches():
    """A step in training, then inference with the statistics that the step has measured."""
    net, x, g = Branches(), draw(1, 2, 3, 4), draw(1, 2)
    with torch.no_grad():
        for parameter in net.parameters():
            parameter.copy_(draw(*parameter.shape))
    write("BRANCH_PARAMETERS", torch.cat([p.detach().flatten() for p in net.parameters()]),
          "c1.weight, c1.bias, n1.weight, n1.bias, c2.weight and c2.bias, one after another.")
    write("BRANCH_INPUT", x.flatten(), "An example of 2x3x4.")
    write("BRANCH_ERRORS", g.flatten(), "The gradient with respect to the output.")
    x.requires_grad_()
    y = net(x)
    y.backward(g)
    write("BRANCH_OUTPUT", y.flatten(), "The output in training.")
    write("BRANCH_GRADIENTS", torch.cat([p.grad.flatten() for p in net.parameters()]), "The gradients, likewise.")
    write("BRANCH_INPUT_GRADIENT", x.grad.flatten(), "The gradient with respect to the input.")
    write("BRANCH_MEAN", net.n1.running_mean, "The running mean after the step; it was 0.")
    write("BRANCH_VARIANCE", net.n1.running_var, "The running variance after the step; it was 1.")
    write("BRANCH_INFERENCE", net.eval()(x).flatten(), "The output with these.")


branches()

HEAD = "//! PyTorch's results, written by make_golden.py; see there.\n\n"
(Path(__file__).parent / "values.rs").write_text(HEAD + "\n".join(LINES) + "\n")
