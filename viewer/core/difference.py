"""What changed between two steps of a training: records that hold differences."""

from __future__ import annotations

from dataclasses import replace
from types import MappingProxyType

from viewer.core.records import ActivationRecord, NetworkRecord, WeightsKind, WeightsRecord


def difference_network(network: NetworkRecord, step: int, reference: int) -> NetworkRecord:
    """Return `network` as it is shown with differences: every output can be negative."""
    nodes = tuple(replace(node, signed=True) for node in network.nodes)
    title = f"{network.title}: step {step:,} minus step {reference:,}"
    return replace(network, title=title, nodes=nodes)


def difference_weights(new: WeightsRecord, old: WeightsRecord) -> WeightsRecord:
    """Return `new` minus `old`; both belong to one network."""
    return WeightsRecord(
        new.step,
        MappingProxyType({name: new.weights[name] - old.weights[name] for name in new.weights}),
        MappingProxyType({name: new.biases[name] - old.biases[name] for name in new.biases}),
        kind=WeightsKind.DIFFERENCES,
    )


def difference_record(new: ActivationRecord, old: ActivationRecord) -> ActivationRecord:
    """Return the outputs of `new` minus those of `old`, for the same input.

    The probabilities stay those of `new`: they are the prediction.
    """
    outputs = {
        name: values - old.outputs[name]
        for name, values in new.outputs.items()
        if name in old.outputs
    }
    for values in outputs.values():
        values.flags.writeable = False
    return replace(new, outputs=MappingProxyType(outputs))
