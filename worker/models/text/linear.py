"""A matrix product with its weights laid out once for the processor at hand."""

from __future__ import annotations

from collections.abc import Callable

import torch
from torch.nn import functional

Linear = Callable[[torch.Tensor], torch.Tensor]

_ROWS = 32
"""Rows that weights are laid out for. Up to that many, a row's result is the same bits in any batch."""


def linear(weight: torch.Tensor, bias: torch.Tensor | None = None) -> Linear:
    """x [n, in] -> [n, out] by `weight` [out, in].

    On a CPU oneDNN otherwise rearranges the weights in every call, which costs a single row a third of its time.
    """
    if weight.device.type == "cpu" and _packs(weight.dtype):
        packed = torch.ops.mkldnn._reorder_linear_weight(weight.contiguous(), _ROWS)
        product = torch.ops.mkldnn._linear_pointwise.default
        return lambda x: product(x, packed, bias, "none", [], "")
    return lambda x: functional.linear(x, weight, bias)


def int8(weight: torch.Tensor, bias: torch.Tensor | None = None) -> Linear:
    """The same with a byte a weight and a scale a row: half the memory of bf16, at 1 % of a row's largest weight.

    On a CPU few rows are multiplied as they are; many, as in a prompt, by the weights written out once for the call.
    """
    scales = (weight.float().abs().amax(1) / 127).clamp(min=1e-12)
    small = (weight.float() / scales[:, None]).round().clamp(-127, 127).to(torch.int8).contiguous()
    row = scales.to(torch.bfloat16)

    def product(x: torch.Tensor) -> torch.Tensor:
        if x.device.type == "cpu" and x.shape[0] <= _ROWS:
            found = torch._weight_int8pack_mm(x.to(torch.bfloat16).contiguous(), small, row).to(x.dtype)
            return found if bias is None else found + bias
        return functional.linear(x, small.to(x.dtype) * row[:, None].to(x.dtype), bias)

    return product


def _packs(dtype: torch.dtype) -> bool:
    """Whether this build of torch can do it, found by doing it once."""
    if dtype not in _tried:
        _tried[dtype] = _try(dtype)
    return _tried[dtype]


_tried: dict[torch.dtype, bool] = {}


def _try(dtype: torch.dtype) -> bool:
    x = torch.ones(2, 64, dtype=dtype)
    weight = torch.full((32, 64), 0.5, dtype=dtype)
    try:
        packed = torch.ops.mkldnn._reorder_linear_weight(weight, _ROWS)
        got = torch.ops.mkldnn._linear_pointwise.default(x, packed, None, "none", [], "")
    except (RuntimeError, AttributeError, NotImplementedError):
        return False
    return bool(torch.equal(got, functional.linear(x, weight)))
