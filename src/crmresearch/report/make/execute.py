"""Run a notebook with papermill in a kernel of this very Python, whatever kernels the machine has registered."""

import logging
import os
import shutil
import sys
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import papermill
from filelock import FileLock, Timeout
from jupyter_client.kernelspec import KernelSpec, KernelSpecManager
from jupyter_client.manager import AsyncKernelManager
from nbformat import NotebookNode
from papermill.engines import NBClientEngine, papermill_engines

# one BLAS thread and one hash seed: the same bytes on every run
_ENVIRONMENT = {
    **dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "VECLIB_MAXIMUM_THREADS"), "1"),
    "PYTHONHASHSEED": "0",
    "MPLBACKEND": "Agg",
}
# the longest path of a Unix socket is 103 to 107 characters, a number is added to ours
_LONGEST_SOCKET = 95
_PREFIX = "crmresearch-"


def execute(
    notebook: Path,
    output: Path,
    parameters: Mapping[str, Any] | None = None,
    environment: Mapping[str, str] | None = None,
) -> NotebookNode:
    """The executed notebook, also written to `output`, up to the cell that failed if one did.

    The kernel works in the notebook's folder, as JupyterLab does. `environment` is added to the kernel's
    variables; a value "" removes one. Raises papermill's PapermillExecutionError when a cell fails.
    """
    for logger in ("papermill", "asyncio"):  # what goes wrong is raised; an interrupted run would log it as well
        logging.getLogger(logger).setLevel(logging.CRITICAL)
    with _temporary_folder() as folder:
        return papermill.execute_notebook(
            notebook,
            output,
            dict(parameters or {}),
            engine_name=_PREFIX,
            kernel_name="python3",
            language="python",
            progress_bar=False,
            cwd=notebook.parent,
            kernel_manager_class=_manager_class(folder, {**_ENVIRONMENT, **(environment or {})}),
        )


class _SavedOnce(NBClientEngine):  # type: ignore[misc]  # papermill has no types
    """papermill's engine, which writes the notebook when it ends, also in a failure or when its kernel has died.

    By itself it writes the whole notebook twice a cell: a sixth of the time of a report with many figures.
    """

    @classmethod
    def execute_managed_notebook(cls, nb_man: Any, *given: Any, **named: Any) -> Any:
        path, nb_man.output_path = nb_man.output_path, None
        try:
            return super().execute_managed_notebook(nb_man, *given, **named)
        finally:
            nb_man.output_path = path


papermill_engines.register(_PREFIX, _SavedOnce)


@contextmanager
def _temporary_folder() -> Iterator[Path]:
    """A folder for the kernel's sockets; those that killed runs left are taken away."""
    for left in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*/lock"):
        with suppress(Timeout, OSError), FileLock(left, timeout=0):
            shutil.rmtree(left.parent, ignore_errors=True)
    with tempfile.TemporaryDirectory(prefix=_PREFIX) as folder, FileLock(Path(folder) / "lock"):
        yield Path(folder)


class _ThisPython(KernelSpecManager):
    """The only kernel there is: this interpreter. A kernel registered by the user never takes its place."""

    def get_kernel_spec(self, kernel_name: str) -> KernelSpec:
        argv = [sys.executable, "-m", "crmresearch.report.make.kernel", "-f", "{connection_file}"]
        return KernelSpec(argv=argv, display_name="Python 3", language="python", name=kernel_name)


def _manager_class(folder: Path, environment: Mapping[str, str]) -> type[AsyncKernelManager]:
    class Manager(AsyncKernelManager):
        def __init__(self, **options: Any) -> None:
            super().__init__(kernel_spec_manager=_ThisPython(), **options)
            self.connection_file = str(folder / "kernel.json")
            if len(str(folder)) < _LONGEST_SOCKET:  # sockets are files: private, and no port to collide on
                self.transport = "ipc"
                self.ip = str(folder / "kernel")

        async def start_kernel(self, **options: Any) -> None:  # type: ignore[override]
            # own IPython folder: no start-up files and no history of the user
            wanted = {**os.environ, **environment, "IPYTHONDIR": str(folder / "ipython")}
            options["env"] = {name: value for name, value in wanted.items() if value}
            await super().start_kernel(**options)

    return Manager
