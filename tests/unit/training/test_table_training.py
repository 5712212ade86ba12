from dataclasses import replace
from pathlib import Path

import torch

from tests.unit.training.bars import bars_data, finished
from viewer.core.nets.checkpoint import load_checkpoint, save_checkpoint
from viewer.core.nets.table import rows_from_json, rows_to_json
from viewer.core.nets.table_rows import (
    ACTIVATION,
    BATCH_NORM,
    CONVOLUTION,
    DENSE,
    DROPOUT,
    MAX_POOLING,
    LayerRow,
)
from viewer.core.training.config import TrainingConfig
from viewer.core.training.loop import Trainer

ROWS = (
    LayerRow(CONVOLUTION, {"filters": 4}),
    LayerRow(BATCH_NORM),
    LayerRow(ACTIVATION, {"function": "silu"}),
    LayerRow(BATCH_NORM),  # nothing takes it up: it stays
    LayerRow(MAX_POOLING),
    LayerRow(DROPOUT),
    LayerRow(DENSE, {"units": 8}),
    LayerRow(BATCH_NORM),
    LayerRow(ACTIVATION),
)


def test_a_table_is_trained_folded_and_opened_again(tmp_path: Path) -> None:
    before = torch.get_num_threads()
    config = TrainingConfig(
        architecture="table", hyper={"layers": rows_to_json(ROWS)}, epochs=2, batch_size=16
    )
    assert TrainingConfig.from_json(config.to_json()) == config
    trainer = Trainer(replace(config, threads=1), bars_data())
    event = finished(list(trainer.events()))
    torch.set_num_threads(before)
    path = tmp_path / "x.safetensors"
    save_checkpoint(path, event.network, trainer.result_metadata(event, "train"))
    loaded = load_checkpoint(path)
    kinds = [row.kind for row in rows_from_json(str(loaded.metadata.hyper["layers"]))]
    assert kinds == [
        *(CONVOLUTION, ACTIVATION, BATCH_NORM, MAX_POOLING, DENSE, ACTIVATION),
    ]
    images = torch.rand(4, 1, 12, 12)
    with torch.no_grad():
        torch.testing.assert_close(loaded.module(images), event.network(images))
