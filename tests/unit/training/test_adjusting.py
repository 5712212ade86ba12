import itertools
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import torch

from tests.unit.training.bars import CONFIG, bars_data, only
from viewer.core.errors import UserError
from viewer.core.training.config import Augmentation
from viewer.core.training.events import BatchFinished, SettingsChanged
from viewer.core.training.loop import Trainer, TrainingData

SGD = replace(CONFIG, optimiser="sgd", schedule="constant")


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def data() -> TrainingData:
    return bars_data()


def test_the_learning_rate_holds_from_the_next_step_on(data: TrainingData) -> None:
    trainer = Trainer(SGD, data)
    events = trainer.events()
    first = list(itertools.islice(events, 2))
    assert trainer.adjust(lr=0.001) == SettingsChanged(2, "lr 0.02 → 0.001")
    second = list(itertools.islice(events, 2))
    assert [batch.lr for batch in only(BatchFinished, [*first, *second])] == [
        *(0.02, 0.02),
        *(0.001, 0.001),
    ]


def test_a_schedule_goes_on_at_its_new_height(data: TrainingData) -> None:
    plain, changed = (Trainer(replace(CONFIG, schedule="cosine"), data) for _ in range(2))
    changed.adjust(lr=0.01)  # half
    rates = [[b.lr for b in only(BatchFinished, list(t.events()))] for t in (plain, changed)]
    assert rates[1] == pytest.approx([rate / 2 for rate in rates[0]])


def test_no_weight_decay_any_more(data: TrainingData) -> None:
    """Without decay and gradient (a learning rate of next to 0) weights stay."""
    trainer = Trainer(replace(SGD, weight_decay=10.0, lr=0.01, momentum=0.0), data)
    events = trainer.events()
    norms = []
    for _ in range(3):
        before = trainer.network.get_parameter("conv3.weight").detach().norm()
        next(events)
        norms.append(float(trainer.network.get_parameter("conv3.weight").detach().norm() / before))
        trainer.adjust(weight_decay=0.0)
    assert norms[0] == pytest.approx(0.9, abs=0.05)
    assert min(norms[1:]) > 0.97


def test_what_changed_is_said_in_a_few_words(data: TrainingData) -> None:
    trainer = Trainer(SGD, data)
    changed = trainer.adjust(
        momentum=0.5,
        weight_decay=0.0,
        augmentation=replace(SGD.augmentation, rotation_deg=20, thickness=0.0),
    )
    assert changed.text == (
        "momentum 0.9 → 0.5, weight_decay 0.01 → 0, rotation_deg 5 → 20, thickness 0.3 → 0"
    )
    assert trainer.adjust().text == "no change"
    assert trainer.adjust(lr=0.02).text == "no change"


@pytest.mark.parametrize(
    ("config", "changes", "message"),
    [
        (SGD, {"lr": -1.0}, "lr must be"),
        (SGD, {"lr": float("nan")}, "lr must be"),
        (SGD, {"momentum": 1.0}, "momentum must be"),
        (SGD, {"weight_decay": 11.0}, "weight_decay must be"),
        (CONFIG, {"momentum": 0.5}, "adamw has no momentum"),
        (SGD, {"augmentation": Augmentation(simulated=0.1)}, "simulated drawings can't change"),
        (SGD, {"augmentation": 3}, "augmentation is no object"),
    ],
)
def test_what_cannot_be_is_refused_and_nothing_changes(
    config: Any, changes: dict[str, Any], message: str, data: TrainingData
) -> None:
    trainer = Trainer(config, data)
    with pytest.raises(UserError, match=message):
        trainer.adjust(**changes)
    assert trainer.config == config
