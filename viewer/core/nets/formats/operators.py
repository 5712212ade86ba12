"""The operators of PyTorch that a program out of a file may use.

A list of what is allowed, not of what is forbidden: among the thousands of operators are some
that write files (``aten::save``), map them (``aten::from_file``), or take memory that was
never theirs (``aten::set_``). What stands here computes numbers from numbers.
"""

from __future__ import annotations

import math
import re
from collections.abc import Mapping
from typing import Any

import torch
from torch._ops import OpOverload

from viewer.core.errors import UserError

MAX_NUMBERS = 1 << 30  # in one tensor
_SIZES = frozenset({"size", "output_size", "repeats", "pad", "end", "steps", "n", "num_classes"})
_NAME = re.compile(r"\w+")

_CONVOLUTIONS = """conv1d conv2d conv3d convolution _convolution conv_transpose1d conv_transpose2d
    conv_transpose3d linear addmm mm bmm matmul baddbmm einsum dot mv outer addmv tensordot"""
_NORMALISATIONS = """batch_norm _native_batch_norm_legit_no_training native_batch_norm
    _batch_norm_with_update instance_norm group_norm native_group_norm layer_norm
    native_layer_norm rms_norm norm frobenius_norm linalg_vector_norm var var_mean std std_mean"""
_ACTIVATIONS = """relu relu_ relu6 relu6_ leaky_relu leaky_relu_ elu elu_ selu selu_ celu celu_
    gelu gelu_ silu silu_ mish mish_ hardtanh hardtanh_ hardswish hardswish_ hardsigmoid
    hardsigmoid_ sigmoid sigmoid_ tanh tanh_ softplus softmax _softmax log_softmax _log_softmax
    prelu _prelu_kernel rrelu threshold threshold_ log_sigmoid glu logsigmoid hardshrink
    softshrink sinh cosh asinh acosh atanh sin cos tan asin acos atan atan2"""
_POOLINGS = """max_pool1d max_pool2d max_pool3d max_pool2d_with_indices avg_pool1d avg_pool2d
    avg_pool3d adaptive_avg_pool1d adaptive_avg_pool2d _adaptive_avg_pool2d adaptive_avg_pool3d
    adaptive_max_pool1d adaptive_max_pool2d"""
_SHAPES = """view reshape _unsafe_view view_as reshape_as flatten unflatten squeeze squeeze_
    unsqueeze unsqueeze_ transpose transpose_ t permute contiguous expand expand_as repeat tile
    cat concat concatenate stack hstack vstack split split_with_sizes chunk tensor_split unbind
    select slice narrow index_select index gather roll flip rot90 pad constant_pad_nd
    reflection_pad1d reflection_pad2d replication_pad1d replication_pad2d pixel_shuffle
    pixel_unshuffle channel_shuffle native_channel_shuffle movedim swapaxes swapdims
    clone alias detach detach_ copy_ lift_fresh lift_fresh_copy to _to_copy type_as dropout
    dropout_ feature_dropout feature_dropout_ alpha_dropout alpha_dropout_ feature_alpha_dropout
    native_dropout unfold im2col col2im masked_fill masked_fill_ where tril triu diagonal
    repeat_interleave fill fill_ zero_ index_put index_put_ scatter size sym_size numel sym_numel
    dim float half double item"""
_ARITHMETIC = """add add_ sub sub_ rsub mul mul_ div div_ true_divide floor_divide remainder fmod
    pow pow_ square sqrt sqrt_ rsqrt exp exp_ expm1 log log2 log10 log1p neg neg_ abs abs_ sign
    reciprocal floor ceil round trunc clamp clamp_ clamp_min clamp_min_ clamp_max clamp_max_ clip
    clip_ maximum minimum max min amax amin mean sum prod cumsum argmax argmin topk sort argsort
    erf addcmul addcdiv lerp eq ne lt le gt ge logical_and logical_or logical_not logical_xor
    bitwise_and bitwise_or bitwise_not bitwise_xor isnan isfinite isinf any all nan_to_num
    logsumexp cosine_similarity linalg_norm normalize cdist one_hot embedding"""
_MAKERS = """zeros zeros_like ones ones_like full full_like empty_like arange scalar_tensor
    new_zeros new_ones new_full linspace eye tensor"""
_RESIZING = """upsample_nearest1d upsample_nearest2d upsample_bilinear2d upsample_bicubic2d
    upsample_linear1d _upsample_bilinear2d_aa _upsample_bicubic2d_aa _upsample_nearest_exact2d
    grid_sampler grid_sampler_2d affine_grid_generator"""
_ATTENTION = """scaled_dot_product_attention _scaled_dot_product_flash_attention_for_cpu"""

ALLOWED = frozenset(
    " ".join(
        (
            *(_CONVOLUTIONS, _NORMALISATIONS, _ACTIVATIONS, _POOLINGS, _SHAPES, _ARITHMETIC),
            *(_MAKERS, _RESIZING, _ATTENTION),
        )
    ).split()
)


def operator_of(name: str, overload: str, what: str) -> OpOverload:
    """Return an operator by its name, if a program may use it.

    Parameters
    ----------
    name : str
        Without its namespace: ``conv2d``.
    overload : str
        ``default`` where it has none.
    what : str
        The file, for messages.

    Raises
    ------
    UserError
        If it is not among those allowed, or this PyTorch doesn't have it.
    """
    if name not in ALLOWED:
        raise refused_operator(name, what)
    packet = getattr(torch.ops.aten, name, None)
    if packet is None or overload not in packet.overloads():
        raise UserError(
            f"{what} uses aten::{name}.{shown(overload)}, which this PyTorch {torch.__version__} "
            "doesn't have: export it again with this version."
        )
    found: OpOverload = getattr(packet, overload)
    return found


def refused_operator(name: str, what: str) -> UserError:
    """Return what to tell about a program that uses an operator that isn't allowed."""
    return UserError(
        f"{what} uses the operator {shown(name)}, which is not among those that a file may use: "
        "give its state dict, or show the network from Python with viewer.show."
    )


def check_sizes(arguments: Mapping[str, Any], what: str) -> None:
    """Raise UserError if an operator would make a tensor of more numbers than memory holds.

    Parameters
    ----------
    arguments : mapping of str to object
        By the operator's own names; sizes that are not numbers yet are left aside.
    what : str
        The file, for messages.
    """
    named = _SIZES & arguments.keys()
    if "dim" in arguments:  # where it takes a part of a tensor, an end is a place
        named -= {"end"}
    for name in named:
        values = arguments[name]
        items = values if isinstance(values, list | tuple) else [values]
        count = math.prod(max(int(n), 1) for n in items if isinstance(n, int | float))
        if count > MAX_NUMBERS:
            raise UserError(
                f"{what} would compute {count * 4 / 1e9:.3g} GB in one step: choose another "
                "network."
            )


def shown(name: str) -> str:
    """Return a name out of a file, fit for a sentence."""
    text = name if name.isprintable() else name.encode("unicode_escape").decode()
    return text[:80]


def safe_path(path: str) -> str:
    """Return the path of a module with nothing in it that torch.fx could take for code.

    torch.fx writes paths into the source of the graphs that it compiles.
    """
    if not path:
        return ""
    parts = path.split(".")
    return ".".join(part if _NAME.fullmatch(part) else _cleaned(part) for part in parts)


def _cleaned(part: str) -> str:
    return re.sub(r"\W", "_", part)[:100] or "_"
