"""ONNX Runtime in the comparison. It only runs networks and cannot do the works that train."""

import itertools
from functools import partial

import numpy as np
import onnxruntime as ort
from common import run
from onnx import TensorProto, helper, numpy_helper

NAMES = ["c1", "c3", "c5", "f6", "output"]


def model(data, batch, c5_connected):
    """The network as ONNX, for one size of batch."""
    weights = []
    tensors = data.tensors()
    for name, kernels, bias in zip(NAMES, tensors[::2], tensors[1::2]):
        if name == "c5" and c5_connected:
            kernels = kernels.reshape(120, 400)
        weights += [numpy_helper.from_array(kernels, name), numpy_helper.from_array(bias, name + "_bias")]
    nodes, last = [], "images"

    def add(operator, *inputs, **attributes):
        nonlocal last
        output = f"{operator}_{len(nodes)}"
        nodes.append(helper.make_node(operator, [last, *inputs], [output], **attributes))
        last = output

    def convolve(name):
        add("Conv", name, name + "_bias", kernel_shape=[5, 5])
        add("Tanh")

    def connect(name):
        add("Gemm", name, name + "_bias", transB=1)

    for name in ("c1", "c3"):
        convolve(name)
        add("AveragePool", kernel_shape=[2, 2], strides=[2, 2])
    if c5_connected:
        add("Flatten")
        connect("c5")
        add("Tanh")
    else:
        convolve("c5")
        add("Flatten")
    connect("f6")
    add("Tanh")
    connect("output")
    value = helper.make_tensor_value_info
    graph = helper.make_graph(
        nodes,
        "LeNet-5",
        [value("images", TensorProto.FLOAT, [batch, 1, 32, 32])],
        [value(last, TensorProto.FLOAT, [batch, 10])],
        weights,
    )
    made = helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)
    return made, last


class Way:
    def __init__(self, c5_connected, data, work):
        self.size = work.batch
        options = ort.SessionOptions()
        options.intra_op_num_threads = work.threads
        options.inter_op_num_threads = 1
        options.execution_mode = ort.ExecutionMode.ORT_SEQUENTIAL
        options.graph_optimization_level = ort.GraphOptimizationLevel.ORT_ENABLE_ALL
        options.add_session_config_entry("session.set_denormal_as_zero", "1")
        self.model, self.output = model(data, work.batch, c5_connected)
        network = self.model.SerializeToString()
        self.session = ort.InferenceSession(network, options, providers=["CPUExecutionProvider"])
        self.bindings = [self.bind(x) for x, _ in data.batches(work.batch)]
        self.turns = itertools.cycle(self.bindings)

    def bind(self, images):
        """Binds input and output in place, so that a run copies nothing."""
        binding = self.session.io_binding()
        binding.bind_ortvalue_input("images", ort.OrtValue.ortvalue_from_numpy(np.ascontiguousarray(images)))
        room = ort.OrtValue.ortvalue_from_numpy(np.zeros((len(images), 10), np.float32))
        binding.bind_ortvalue_output(self.output, room)
        return binding

    def infer(self, batches):
        for binding in itertools.islice(self.turns, batches):
            self.session.run_with_iobinding(binding)
        return batches * self.size

    def outputs(self, n):
        some = self.bindings[: -(-n // self.size)]
        for binding in some:
            self.session.run_with_iobinding(binding)
        return np.concatenate([binding.copy_outputs_to_cpu()[0] for binding in some])[:n]

    def parameters(self):
        return np.concatenate([numpy_helper.to_array(w).ravel() for w in self.model.graph.initializer])


def ways_for(work):
    if work.kind == "train":
        return {}
    return {
        "C5 as a convolution": partial(Way, False),
        "C5 as a full connection": partial(Way, True),
    }


run("onnxruntime", ort.__version__, "all graph optimisations, bound inputs and outputs, denormals as zero", ways_for)
