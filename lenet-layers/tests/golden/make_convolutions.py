"""Golden values of convolutions, computed by PyTorch, for the Rust tests to compare against.

For each geometry of the list: the input, the kernels, the biases, the gradient with respect to the output; then PyTorch's
output and its gradients with respect to input, kernels and biases. Inputs are numbers that float32 holds; everything is
computed in float64 on one thread of the CPU. The numbers are written as little-endian float64, one array after another,
the same bytes each time. tests/gradients/pytorch.rs has the same list.

    venv=$(mktemp -d) && python3 -m venv "$venv"
    "$venv/bin/pip" install torch==2.15.0 numpy==2.4.6
    "$venv/bin/python" make_convolutions.py
"""

from pathlib import Path

import torch

# Maps and sides of the input, output maps, side of the kernel, stride, padding and its mode, groups. An input with one
# side is that of a Conv1d.
GEOMETRIES = [
    ((2, 5, 7), 3, 3, 1, 1, "zeros", 1),
    ((1, 6, 5), 2, 5, 1, 2, "zeros", 1),
    ((2, 7, 6), 2, 3, 2, 1, "zeros", 1),
    ((2, 8, 9), 3, 3, 3, 0, "zeros", 1),
    ((1, 7, 8), 2, 4, 2, 1, "zeros", 1),
    ((2, 4, 5), 2, 3, 1, 2, "zeros", 1),
    ((2, 5, 6), 3, 3, 1, 1, "replicate", 1),
    ((1, 6, 7), 2, 5, 2, 2, "replicate", 1),
    ((2, 7, 7), 2, 1, 2, 0, "zeros", 1),
    ((6, 4, 5), 4, 3, 1, 1, "zeros", 2),
    ((4, 6, 5), 4, 3, 2, 1, "zeros", 4),
    ((3, 5, 4), 6, 3, 1, 1, "replicate", 3),
    ((2, 11), 3, 4, 1, 0, "zeros", 1),
    ((3, 8), 2, 5, 2, 2, "zeros", 1),
    ((2, 7), 2, 3, 3, 2, "zeros", 1),
    ((1, 6), 3, 5, 1, 2, "replicate", 1),
]


def numbers(*shape):
    """Uniform in +-1, as float32 holds them."""
    return (2 * torch.rand(shape) - 1).float().double()


def main():
    torch.set_default_dtype(torch.float64)
    torch.set_num_threads(1)
    torch.use_deterministic_algorithms(True)
    torch.manual_seed(1998)
    arrays = []
    for shape, maps, kernel, stride, padding, mode, groups in GEOMETRIES:
        kind = torch.nn.Conv1d if len(shape) == 2 else torch.nn.Conv2d
        layer = kind(shape[0], maps, kernel, stride=stride, padding=padding, padding_mode=mode, groups=groups)
        with torch.no_grad():
            layer.weight.copy_(numbers(*layer.weight.shape))
            layer.bias.copy_(numbers(maps))
        x = numbers(1, *shape).requires_grad_()
        y = layer(x)
        dy = numbers(*y.shape)
        y.backward(dy)
        arrays += [x, layer.weight, layer.bias, dy, y, x.grad, layer.weight.grad, layer.bias.grad]
    data = torch.cat([array.detach().flatten() for array in arrays]).numpy().astype("<f8").tobytes()
    (Path(__file__).parent / "convolutions.f64").write_bytes(data)
    print(f"{len(data):,} bytes, {len(data) // 8} numbers, torch {torch.__version__}")


if __name__ == "__main__":
    main()
