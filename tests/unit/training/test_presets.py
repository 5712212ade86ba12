import subprocess
import sys
from collections.abc import Iterator
from dataclasses import replace

import pytest
import torch

from tests.unit.training.bars import bars_data, finished
from viewer.core.errors import UserError
from viewer.core.training.config import TrainingConfig
from viewer.core.training.loop import train
from viewer.core.training.presets import load_preset, presets


@pytest.fixture(autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    yield
    torch.set_num_threads(before)


def test_quick_comes_first_and_is_one_epoch_of_digits() -> None:
    assert list(presets()) == ["quick", "standard", "thorough"]
    quick = load_preset("quick")
    assert (quick.dataset, quick.architecture, quick.epochs) == ("mnist", "digits", 1)
    assert (quick.device, quick.threads, quick.seed) == ("cpu", 1, 0)


@pytest.mark.parametrize("name", presets())
def test_every_preset_trains_whatever_the_classes(name: str) -> None:
    config = load_preset(name)
    assert config.augmentation.simulated == 0  # pen drawings are of digits only
    assert config.validation > 0
    assert TrainingConfig.from_json(config.to_json()) == config
    preset = presets()[name]
    assert preset.title
    assert preset.description.endswith(".")
    result = finished(list(train(replace(config, epochs=1, batch_size=16), bars_data())))
    assert result.test.n == 60


def test_an_unknown_preset_lists_what_there_is() -> None:
    with pytest.raises(UserError, match="no preset 'slow': choose one of quick, standard, thor"):
        load_preset("slow")


def test_presets_load_no_torch() -> None:
    code = "import sys, viewer.core.training.presets; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
