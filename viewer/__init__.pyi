from viewer.core.capture import capture as capture
from viewer.core.errors import UserError as UserError
from viewer.core.records import Drawing as Drawing
from viewer.core.records import Fit as Fit
from viewer.core.records import Preparation as Preparation
from viewer.core.records import Stroke as Stroke
from viewer.python import show as show

__version__: str
