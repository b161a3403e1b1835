"""What can be wrong with a detector. Every text says what happened and what to do about it.

DetectorError
  ├─ ModelMissingError      no file at that path
  ├─ RuntimeMissingError    the library that runs such files is not installed
  └─ ModelBrokenError       the file is there and cannot be used
       ├─ CardError         its card is unreadable or belongs to another file
       └─ TaskError         it is a model, but not one that finds boxes
"""

from glassline.contract import Reason


class DetectorError(Exception):
    """Base of all; `code` is the contract's reason code for health messages."""

    code = Reason.DETECTOR_MODEL_BROKEN


class ModelMissingError(DetectorError):
    """There is no model file where the settings say."""

    code = Reason.DETECTOR_MODEL_MISSING


class RuntimeMissingError(DetectorError):
    """The Python package that runs this kind of model is not installed."""


class ModelBrokenError(DetectorError):
    """The file cannot be loaded, or what it puts out is not what its labels promise."""


class CardError(ModelBrokenError):
    """The JSON card beside the model is unreadable, incomplete, or was written for another file."""


class TaskError(ModelBrokenError):
    """A model for another task than finding boxes, such as classification or pose."""
