"""What every setting of a training does, and what raising it would do: texts of tooltips."""

from __future__ import annotations

from types import MappingProxyType
from typing import Final

SETTING_HELP: Final = MappingProxyType(
    {
        # Data
        "dataset": "The labelled images that the network learns from and is tested on."
        " A harder set needs a larger network and more epochs.",
        "validation": "Share of the training images kept back to measure accuracy after each"
        " epoch. Raising it makes that figure steadier, and leaves fewer images to learn from.",
        "drawings_share": "Share of your own labelled drawings among the training images."
        " Raising it fits the network to your hand, at the risk of overfitting to a few"
        " drawings.",
        # Network
        "architecture": "The kind of network: which layers, in which order.",
        "start": "Where the weights come from: random ones, or those of a trained network"
        " (fine-tuning), which needs fewer epochs and a lower learning rate.",
        "frozen": "Layers whose weights stay as they are: close the lock on their cards, which"
        " is there while the network to be trained is on screen. Freezing more makes a step"
        " faster, and leaves less to learn with.",
        # Optimiser
        "optimiser": "How gradients become steps. SGD follows the mean gradient; Adam and AdamW"
        " scale each weight's step by its own gradients, and need less tuning. AdamW keeps"
        " weight decay out of that scaling.",
        "lr": "Length of a step along the gradient, the largest of the schedule. Raising it"
        " learns faster, until the loss jumps about or diverges.",
        "momentum": "Share of the previous step that SGD adds to the next. Raising it smooths"
        " the course and lengthens the steps: at 0.9 about tenfold.",
        "nesterov": "Takes the gradient where the momentum is about to lead rather than where"
        " the weights are. It often converges a little faster.",
        "weight_decay": "Pulls every weight towards 0 at each step; biases and normalisations"
        " are left out. Raising it counters overfitting, and too much of it underfits.",
        "schedule": "Course of the learning rate over the run: constant, dropping in steps,"
        " along half a cosine to 0, or one cycle that rises first and then falls to almost 0.",
        "step_epochs": "Epochs between two drops of the learning rate. Raising it keeps the"
        " rate high for longer.",
        "step_factor": "What the learning rate is multiplied by at each drop. Raising it makes"
        " the drops gentler; 1 means none.",
        "label_smoothing": "Share of each target that is spread evenly over all classes."
        " Raising it makes the network less sure of itself, and often better calibrated.",
        "ema": "Decay of the running average of the weights that is evaluated and kept; 0 for"
        " none. Raising it averages over more steps: smoother, but slower to follow.",
        # Augmentation
        "rotation_deg": "Turns each image by a random angle up to this, to either side."
        " Raising it teaches tolerance of tilt; far beyond 45° a 6 looks like a 9.",
        "shift_px": "Moves each image by up to so many pixels in each direction. Raising it"
        " teaches tolerance of position; too much pushes ink off the edge.",
        "scale": "Enlarges or shrinks each image by up to this share. Raising it teaches"
        " tolerance of size.",
        "aspect": "Makes each image wider or narrower by up to this share. Raising it teaches"
        " tolerance of proportions.",
        "shear": "Slants each image by up to so many pixels sideways for a pixel of height."
        " Raising it teaches tolerance of slanted writing.",
        "elastic_px": "Bends each image by a smooth random displacement with this standard"
        " deviation. Raising it imitates an unsteady hand; too much makes strokes unreadable.",
        "thickness": "Thickens or thins strokes by up to this share of a pixel or so. Raising"
        " it teaches tolerance of the pen.",
        "gain_low": "Ink is multiplied by a random factor, at least this. Lowering it teaches"
        " tolerance of faint ink; raising it leaves less of it.",
        "gain_high": "Ink is multiplied by a random factor, at most this, and cut off at white."
        " Raising it gives harder edges and bolder strokes.",
        "simulated": "Share of simulated pen drawings of digits among the training images."
        " Raising it brings the training closer to the drawing pad, and takes longer to prepare.",
        # Run
        "epochs": "Passes over all training images. Raising it takes proportionally longer;"
        " beyond some point the network only overfits.",
        "batch_size": "Images whose mean gradient makes one step. Raising it gives steadier and"
        " fewer steps an epoch, more images a second, and calls for a higher learning rate.",
        "seed": "Start of all random numbers: weights, order, augmentation, dropout. The same"
        " seed gives the same run; another one shows how much is chance.",
        "device": "What computes: the processor (CPU) or a graphics card. A graphics card pays"
        " off for large networks and batches.",
        "threads": "Threads of the processor that train. Raising it helps large networks;"
        " small ones lose by it, and the window needs some time as well.",
        "channels_last": "Keeps the channels of a pixel side by side in memory. On a processor"
        " that makes a small convnet a fifth faster; the last digits of the result differ.",
    }
)

# Of architectures' hyper-parameters; numbered ones (maps1, maps2) by the name without number.
HYPER_HELP: Final = MappingProxyType(
    {
        "maps": "Feature maps of each convolution, that is, its number of filters. Raising it"
        " lets a layer tell more patterns apart, for more time and more risk of overfitting.",
        "kernel": "Height and width of each convolution's kernels, in pixels. Raising it lets a"
        " filter see more of the image, at a cost that grows with its square.",
        "units": "Units of each dense layer. Raising it adds weights: more can be learned, and"
        " more can be overfitted.",
        "batch_norm": "Normalises each channel over the batch while training. It allows higher"
        " learning rates, and is folded into the weights of the result.",
        "dropout": "Share of units set to 0 at random while training. Raising it counters"
        " overfitting, and makes learning slower.",
        "layers": "The layers one by one, in a table.",
    }
)


def hyper_stem(name: str) -> str:
    """Return the name of a hyper-parameter without the number of its layer."""
    return name.rstrip("0123456789") or name


def setting_help(name: str, fallback: str = "") -> str:
    """Return what a setting does; for an unknown one `fallback` as a sentence."""
    return SETTING_HELP.get(name) or _sentence(fallback)


def hyper_help(name: str, fallback: str = "") -> str:
    """Return what a hyper-parameter does; for an unknown one `fallback` as a sentence."""
    return HYPER_HELP.get(hyper_stem(name)) or _sentence(fallback)


def _sentence(text: str) -> str:
    return f"{text[0].upper()}{text[1:]}." if text else ""
