import subprocess
import sys

import pytest

from viewer.core.data.registry import datasets, load_dataset
from viewer.core.errors import UserError
from viewer.core.registry import Registry


def test_a_name_is_given_once() -> None:
    registry: Registry[int] = Registry("thing")
    registry.add("one", 1)
    with pytest.raises(ValueError, match="'one' is registered already"):
        registry.add("one", 2)
    assert registry.get("one") == 1


def test_an_unknown_name_lists_what_there_is() -> None:
    registry: Registry[int] = Registry("thing")
    registry.add("one", 1)
    registry.add("two", 2)
    with pytest.raises(UserError, match="There is no thing 'three': choose one of one, two"):
        registry.get("three")
    assert registry.names() == ("one", "two")
    assert "one" in registry
    assert "three" not in registry


def test_mnist_is_known() -> None:
    assert datasets().names() == ("mnist",)
    assert len(load_dataset("mnist", "test")) == 10_000


def test_an_unknown_data_set_is_refused() -> None:
    with pytest.raises(UserError, match="no data set 'cifar'"):
        load_dataset("cifar", "test")


def test_reading_data_loads_no_torch() -> None:
    code = (
        "import sys; from viewer.core.data.registry import load_dataset; "
        "load_dataset('mnist', 'test'); sys.exit('torch' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
