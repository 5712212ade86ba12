"""The form for what a file doesn't say: shown, previewed, applied."""

from __future__ import annotations

from typing import TYPE_CHECKING

from PyQt6.QtCore import QObject, pyqtSignal
from PyQt6.QtGui import QImage
from PyQt6.QtWidgets import QFileDialog

from viewer.core.nets.profile import Profile
from viewer.services.form_preview import PreviewJob

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from viewer.controllers.inputs import InputController
    from viewer.controllers.networks import NetworkController
    from viewer.controllers.views import ViewController
    from viewer.services.form_preview import FormPreviewService
    from viewer.services.opening import Opened
    from viewer.widgets.opening.network_form import NetworkForm
    from viewer.widgets.window.main_window import MainWindow

NAMES_FILTERS = ["Class names (*.txt *.json *.names)", "All files (*)"]
NO_NETWORK = "There is no network yet: open one first."
OF_A_RUN = (
    "The network on screen belongs to a run, whose data set decides about its input and classes: "
    "open a file to set its own."
)


class NetworkFormController(QObject):
    """Shows one form at a time; it closes once the network has been opened with its values.

    Attributes
    ----------
    form : NetworkForm or None

    Signals
    -------
    failed(str)
        One sentence on why there is no form.
    """

    failed = pyqtSignal(str)

    def __init__(
        self,
        window: MainWindow,
        networks: NetworkController,
        views: ViewController,
        inputs: InputController,
        service: FormPreviewService,
        parent: QObject | None = None,
    ) -> None:
        super().__init__(parent)
        self._window = window
        self._networks = networks
        self._views = views
        self._inputs = inputs
        self._service = service
        self._model = ""  # that the form is for
        self._applied: Profile | None = None  # until it is opened or refused
        self.form: NetworkForm | None = None
        networks.opening.form_requested.connect(self.show)
        networks.opening.refused.connect(self._on_refused)
        networks.opening.opened.connect(self._on_opened)
        service.ready.connect(self._on_preview_ready)
        service.failed.connect(self._on_preview_failed)
        service.class_names_read.connect(self._on_class_names_read)

    def show(self) -> None:
        """Show the form of the network on screen."""
        network = self._views.network
        if network is None or not self._networks.model:
            self.failed.emit(NO_NETWORK if network is None else OF_A_RUN)
            return
        if self.form is not None:
            self.form.close()
        from viewer.widgets.opening.network_form import NetworkForm  # rarely needed

        self._model = self._networks.model
        known = self._networks.opening.profiles.get(self._model) or Profile()
        self.form = form = NetworkForm(network, known, self._window)
        form.preview_requested.connect(self._on_preview_requested)
        form.applied.connect(self._on_applied)
        form.names_file_requested.connect(self._choose_names)
        form.finished.connect(self._on_finished)
        self._inputs.source_changed.connect(form.ask_for_preview)
        form.show()

    def _choose_names(self) -> None:
        dialog = QFileDialog(self.form, "Class names")
        dialog.setNameFilters(NAMES_FILTERS)
        dialog.setFileMode(QFileDialog.FileMode.ExistingFile)
        dialog.fileSelected.connect(self._service.read_class_names)
        dialog.finished.connect(dialog.deleteLater)
        dialog.open()

    def _on_preview_requested(self, profile: Profile) -> None:
        self._service.request(PreviewJob(self._inputs.source, profile))

    def _on_applied(self, profile: Profile) -> None:
        self._applied = profile
        self._networks.opening.open(self._model, profile=profile)

    def _on_opened(self, opened: Opened) -> None:
        if self._applied is not None and opened.request.profile == self._applied:
            # What was changed below the pad before is older than what the form says.
            self._networks.opening.preparations.remember(opened.request.model, None)
        self._applied = None
        if self.form is not None:
            self.form.close()  # it was for another network, or has done its work

    def _on_refused(self, model: str, sentence: str) -> None:
        if self.form is not None and model == self._model:
            self.form.set_problem(sentence)

    def _on_preview_ready(self, picture: NDArray[np.uint8], text: str) -> None:
        if self.form is not None:
            height, width = picture.shape[:2]
            row_bytes = 3 * width
            image = QImage(picture.tobytes(), width, height, row_bytes, QImage.Format.Format_RGB888)
            self.form.set_preview(image.copy(), text)

    def _on_preview_failed(self, sentence: str) -> None:
        if self.form is not None:
            self.form.set_preview(None, sentence)

    def _on_class_names_read(self, names: tuple[str, ...]) -> None:
        if self.form is not None:
            self.form.set_class_names(names)

    def _on_finished(self) -> None:
        if self.form is not None:
            self._inputs.source_changed.disconnect(self.form.ask_for_preview)
        self.form = None
