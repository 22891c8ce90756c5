"""The process a notebook runs in: an IPython kernel that also notes which files of the project it reads.

Started as `python -m crmresearch.report.make.kernel -f <connection file>`. After every cell it writes to the file named
by `CRMRESEARCH_INPUTS`, one path a line, the project's modules it has imported and the other files of the
project and of the data folders it has opened for reading.
"""

import logging
import os
from pathlib import Path

from crmresearch.report.make.inputs import imported_modules, opened_files

INPUTS_VARIABLE = "CRMRESEARCH_INPUTS"


def main() -> None:
    """Run the kernel until its client shuts it down."""
    from ipykernel.kernelapp import IPKernelApp

    opened = opened_files()
    target = os.environ.get(INPUTS_VARIABLE)
    # quiet: a client interrupts before it shuts down, which the kernel would report as an error
    app = IPKernelApp.instance(log_level=logging.CRITICAL)
    logging.getLogger("tornado").setLevel(logging.CRITICAL)  # so does the last flush, when sockets close before it
    app.initialize()
    assert app.shell is not None

    def write_inputs(_: object) -> None:
        assert target
        # IPython puts the notebook in the place of the module this process was started with
        inputs = {Path(__file__).resolve()} | imported_modules() | opened.of_project()
        Path(target).write_text("".join(f"{path}\n" for path in sorted(inputs)), encoding="utf-8")

    if target:
        app.shell.events.register("post_run_cell", write_inputs)
    app.start()


if __name__ == "__main__":
    main()
