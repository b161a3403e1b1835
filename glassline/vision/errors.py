"""What can be wrong with a detector. Every text says what happened and what to do about it.

DetectorError
  ├─ ModelMissingError      nothing at that path
  ├─ ModelUnknownError      something is there, but no kind of model that Glassline runs
  ├─ RuntimeMissingError    the library that runs such models is not installed
  └─ ModelBrokenError       the file is there and cannot be used
       ├─ CardError         its card is unreadable or belongs to another file
       └─ TaskError         it is a model, but not one that finds boxes
"""

from glassline.contract import Reason


class DetectorError(Exception):
    """Base of all; `code` is the contract's reason code for health messages."""

    code = Reason.DETECTOR_MODEL_BROKEN


class ModelMissingError(DetectorError):
    """There is no model where the settings say."""

    code = Reason.DETECTOR_MODEL_MISSING


class ModelUnknownError(DetectorError):
    """What the settings name is not a model of any kind that can be run."""

    code = Reason.DETECTOR_MODEL_UNKNOWN


class RuntimeMissingError(DetectorError):
    """No Python package that runs this kind of model is installed."""

    code = Reason.DETECTOR_RUNTIME_MISSING


class ModelBrokenError(DetectorError):
    """The file cannot be loaded, or what it puts out is not what its labels promise."""


class CardError(ModelBrokenError):
    """The JSON card beside the model is unreadable, incomplete, or was written for another file."""

    code = Reason.DETECTOR_CARD_WRONG


class TaskError(ModelBrokenError):
    """A model for another task than finding boxes, such as classification or pose."""

    code = Reason.DETECTOR_TASK_WRONG


def first_line(error: Exception) -> str:
    """What a library says is wrong, short enough for a sentence, without the place in its source that some name."""
    lines = [line for line in str(error).strip().splitlines() if not line.startswith("Exception from")]
    return (lines or [type(error).__name__])[0][:300]
