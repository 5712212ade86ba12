"""Which settings stand in which section of the set-up, under which name, with which steps."""

from __future__ import annotations

from dataclasses import dataclass, fields
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, Final

from viewer.core.training.config import Augmentation, TrainingConfig
from viewer.widgets.switch import Switch
from viewer.widgets.training.setting_editors import ChoiceBox, NumberBox
from viewer.widgets.training.setting_editors_steps import (
    Stepper,
    by,
    decades,
    doublings,
    towards_one,
)
from viewer.widgets.training.setting_help import setting_help

if TYPE_CHECKING:
    from dataclasses import Field

DATA, NETWORK, OPTIMISER, AUGMENTATION, RUN = (
    "Data",
    "Network",
    "Optimiser",
    "Augmentation",
    "Run",
)

# Settings that share a row stand together; what is not here comes last in "Run".
SECTIONS: Final = MappingProxyType(
    {
        DATA: (("dataset",), ("validation",), ("drawings_share",), ("label_smoothing",)),
        NETWORK: (("architecture",), ("start",), ("frozen",)),
        OPTIMISER: (
            ("optimiser",),
            ("lr",),
            ("momentum",),
            ("nesterov",),
            ("weight_decay",),
            ("schedule",),
            ("step_epochs",),
            ("step_factor",),
            ("ema",),
        ),
        AUGMENTATION: (
            ("rotation_deg",),
            ("shift_px",),
            ("scale",),
            ("aspect",),
            ("shear",),
            ("elastic_px",),
            ("thickness",),
            ("gain_low", "gain_high"),
            ("simulated",),
        ),
        RUN: (
            ("epochs",),
            ("batch_size",),
            ("device",),
            ("threads",),
            ("seed",),
            ("channels_last",),
        ),
    }
)
SPECIAL = frozenset({"dataset", "architecture", "start", "frozen", "device"})
NEEDS: Final = MappingProxyType(  # the setting, and the value of it, that another is for
    {
        "momentum": ("optimiser", "sgd"),
        "nesterov": ("optimiser", "sgd"),
        "step_epochs": ("schedule", "step"),
        "step_factor": ("schedule", "step"),
    }
)


@dataclass(frozen=True, slots=True)
class Style:
    """How one setting is shown.

    Attributes
    ----------
    label : str
        Empty for a control that fills its row.
    stepper : Stepper
    suffix : str
        Unit, with its space.
    name : str
        Full name for screen readers; `label` if empty.
    """

    label: str
    stepper: Stepper
    suffix: str = ""
    name: str = ""


_SHARE = by(0.05)
STYLES: Final = MappingProxyType(
    {
        "validation": Style("Validation", _SHARE, "", "Validation share"),
        "drawings_share": Style("My drawings", _SHARE, "", "Share of my drawings"),
        "optimiser": Style("", by(1), "", "Optimiser"),
        "lr": Style("Learning rate", decades),
        "momentum": Style("Momentum", towards_one),
        "nesterov": Style("Nesterov", by(1), "", "Nesterov momentum"),
        "weight_decay": Style("Weight decay", decades),
        "schedule": Style("Schedule", by(1), "", "Schedule of the learning rate"),
        "step_epochs": Style("Step epochs", by(1), "", "Epochs between two drops"),
        "step_factor": Style("Step factor", decades, "", "Factor of a drop"),
        "label_smoothing": Style("Label smoothing", _SHARE, ""),
        "ema": Style("Averaging", towards_one, "", "Averaging of weights"),
        "rotation_deg": Style("Rotation ±", by(1), " °", "Rotation"),
        "shift_px": Style("Shift ±", by(0.5), " px", "Shift"),
        "scale": Style("Size ±", by(0.01), "", "Size"),
        "aspect": Style("Aspect ±", by(0.01), "", "Aspect ratio"),
        "shear": Style("Slant ±", by(0.01), "", "Slant"),
        "elastic_px": Style("Elastic", by(0.1), " px", "Elastic distortion"),
        "thickness": Style("Thickness", by(0.1), "", "Stroke thickness"),
        "gain_low": Style("Ink gain", by(0.1), "", "Lowest ink gain"),
        "gain_high": Style("Ink gain", by(0.1), "", "Highest ink gain"),
        "simulated": Style("Simulated", _SHARE, "", "Share of simulated drawings"),
        "epochs": Style("Epochs", by(1)),
        "batch_size": Style("Batch size", doublings),
        "device": Style("Device", by(1)),
        "threads": Style("Threads", by(1)),
        "channels_last": Style("Channels last", by(1)),
        "seed": Style("Seed", by(1)),
    }
)
_CHOICE_TITLES = {
    "sgd": "SGD",
    "adam": "Adam",
    "adamw": "AdamW",
    "onecycle": "one cycle",
    "step": "steps",
}

Editor = NumberBox | ChoiceBox | Switch
Fields = dict[str, "Field[Any]"]


def plain_fields() -> Fields:
    """Return every setting that has a value of its own, of configuration and augmentation."""
    both = (*fields(TrainingConfig), *fields(Augmentation))
    plain = (bool, int, float, str)
    return {
        item.name: item
        for item in both
        if "help" in item.metadata and isinstance(item.default, plain)
    }


def is_augmentation(name: str) -> bool:
    """Return whether a setting is one of the augmentation's."""
    return name in {item.name for item in fields(Augmentation)}


def style_of(name: str) -> Style:
    """Return how a setting is shown; an unknown one under its own name."""
    return STYLES.get(name) or Style(name.replace("_", " ").capitalize(), by(1))


def build_editor(item: Field[Any]) -> Editor | None:
    """Return the control for a setting; None for a text that is not one of some choices."""
    style, limits = style_of(item.name), item.metadata
    editor: Editor
    if isinstance(item.default, bool):
        editor = Switch("")
    elif isinstance(item.default, str):
        if not limits["choices"]:
            return None
        editor = ChoiceBox()
        editor.set_choices([(key, _CHOICE_TITLES.get(key, key)) for key in limits["choices"]])
    else:
        whole = isinstance(item.default, int)
        editor = NumberBox(
            limits["low"], limits["high"], style.stepper, whole=whole, suffix=style.suffix
        )
    editor.setAccessibleName(style.name or style.label)
    editor.setAccessibleDescription(setting_help(item.name, limits["help"]))
    return editor


def read_editor(editor: Editor) -> bool | int | float | str:
    """Return what a control says."""
    if isinstance(editor, NumberBox):
        return editor.number()
    return editor.key() if isinstance(editor, ChoiceBox) else editor.isChecked()


def fill_editor(editor: Editor, value: bool | float | str) -> None:
    """Show a value in a control; gives no signal."""
    if isinstance(editor, NumberBox):
        editor.set_number(float(value))
    elif isinstance(editor, ChoiceBox):
        editor.set_key(str(value))
    else:
        editor.setChecked(bool(value))  # `clicked` is what a person's press gives
