"""Makes tiny.onnx, a network for tests of the slot for weights: a thumbnail of 4 by 4, as a vector of 48 numbers.

Run it with the packages of the extra ``onnx``: python tests/assets/tiny_onnx.py
"""

from __future__ import annotations

from pathlib import Path

import onnx
from onnx import TensorProto, helper

HERE = Path(__file__).parent


def network() -> onnx.ModelProto:
    """(1, 3, 32, 32) -> "embedding" (1, 48) and "sums" (1, 3, 1, 1)."""
    nodes = [
        helper.make_node("AveragePool", ["picture"], ["thumbnail"], kernel_shape=[8, 8], strides=[8, 8]),
        helper.make_node("Flatten", ["thumbnail"], ["embedding"]),
        helper.make_node("GlobalAveragePool", ["picture"], ["sums"]),
    ]
    float32 = TensorProto.FLOAT
    graph = helper.make_graph(
        nodes,
        "tiny",
        [helper.make_tensor_value_info("picture", float32, [1, 3, 32, 32])],
        [
            helper.make_tensor_value_info("embedding", float32, [1, 48]),
            helper.make_tensor_value_info("sums", float32, [1, 3, 1, 1]),
        ],
    )
    return helper.make_model(graph, opset_imports=[helper.make_opsetid("", 17)], ir_version=8)


if __name__ == "__main__":
    model = network()
    onnx.checker.check_model(model, full_check=True)
    (HERE / "tiny.onnx").write_bytes(model.SerializeToString(deterministic=True))
