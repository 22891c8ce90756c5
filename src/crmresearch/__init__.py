"""The reproducible laboratory for customer satisfaction, loyalty and customer value.

This is the front door. Below it lie the packages that do the work: `crmresearch.data` (surveys, purchases, customers),
`crmresearch.models` (theories, and models written as text), `crmresearch.sem` (both engines of satisfaction),
`crmresearch.segmentation` (methods, scores, stability, monitoring), `crmresearch.value` (customers in money),
`crmresearch.diagram` (the model as a picture), `crmresearch.report` (from a notebook to a page) and
`crmresearch.stories` (what the reports say). `crmresearch.errors` holds everything that is raised.
"""

import lazy_loader

__version__ = "0.1.0"

# the names are those of the stub beside this file; each is imported when it is first used
__getattr__, _listed, _names = lazy_loader.attach_stub(__name__, __file__)
__all__ = [*_names, "__version__"]


def __dir__() -> list[str]:
    return sorted(__all__)
