"""Brings an ONNX model to what the converter knows: constants as weights, older operator sets.

Between the operator sets 17 and 22 convolutional networks changed in little more than where axes
stand, and the converter stops at 17.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

from viewer.core.errors import UserError

if TYPE_CHECKING:
    import onnx

KNOWN_VERSION = 17
_AXES_AS_INPUT = 18
_AI_ONNX = ("", "ai.onnx")


def fit_converter(path: Path, model: onnx.ModelProto) -> None:
    """Change a model in place, so that it says the same in the converter's words.

    Raises
    ------
    UserError
        If it uses operators of another domain.
    """
    _hold_constants(model)
    _pass_on_weights(model)
    for node in model.graph.node:
        if node.domain not in _AI_ONNX:
            raise UserError(
                f"{path} uses operators of {node.domain[:80]!a}: give the network as a "
                "torch.export program."
            )
        node.domain = ""
    for entry in model.opset_import:
        if entry.domain in _AI_ONNX:
            entry.domain = ""
            if entry.version >= _AXES_AS_INPUT:
                _move_axes(model)
            entry.version = min(entry.version, KNOWN_VERSION)


def _hold_constants(model: onnx.ModelProto) -> None:
    """Make weights of the nodes that only hold a number."""
    from onnx import numpy_helper

    kept = []
    for node in model.graph.node:
        value = _constant(node)
        if value is None:
            kept.append(node)
        else:
            model.graph.initializer.append(numpy_helper.from_array(value, node.output[0]))
    del model.graph.node[:]
    model.graph.node.extend(kept)


def _constant(node: onnx.NodeProto) -> Any:
    import numpy as np
    from onnx import numpy_helper

    if node.op_type != "Constant" or len(node.attribute) != 1 or len(node.output) != 1:
        return None
    (attribute,) = node.attribute
    if attribute.name == "value":
        return numpy_helper.to_array(attribute.t)
    kinds = {"value_float": ("f", np.float32), "value_int": ("i", np.int64)}
    kinds |= {"value_floats": ("floats", np.float32), "value_ints": ("ints", np.int64)}
    if attribute.name not in kinds:
        return None
    key, kind = kinds[attribute.name]
    found = getattr(attribute, key)
    return np.array(found if key in ("f", "i") else list(found), kind)


def _pass_on_weights(model: onnx.ModelProto) -> None:
    """Take out the nodes that only give a weight another name."""
    weights = {tensor.name for tensor in model.graph.initializer}
    outputs = {output.name for output in model.graph.output}
    others: dict[str, str] = {}
    kept = []
    for node in model.graph.node:
        for i, name in enumerate(node.input):
            node.input[i] = others.get(name, name)
        plain = node.op_type == "Identity" and len(node.input) == 1 and len(node.output) == 1
        if plain and node.input[0] in weights and node.output[0] not in outputs:
            others[node.output[0]] = node.input[0]
        else:
            kept.append(node)
    if others:
        del model.graph.node[:]
        model.graph.node.extend(kept)


def _move_axes(model: onnx.ModelProto) -> None:
    """Make settings of the axes that reductions take as a second input since version 18."""
    import onnx
    from onnx import numpy_helper

    weights = {tensor.name: tensor for tensor in model.graph.initializer}
    for node in model.graph.node:
        if node.op_type == "Split":
            for attribute in [a for a in node.attribute if a.name == "num_outputs"]:
                node.attribute.remove(attribute)
        reduces = node.op_type.startswith("Reduce") and node.op_type != "ReduceSum"
        if reduces and len(node.input) == 2 and node.input[1] in weights:
            axes = numpy_helper.to_array(weights[node.input[1]]).tolist()
            node.attribute.append(onnx.helper.make_attribute("axes", axes))
            del node.input[1:]
