"""The reproducible laboratory for customer satisfaction, loyalty and customer value."""

import lazy_loader

__version__ = "0.1.0"

# the names are those of the stub beside this file; each is imported when it is first used
__getattr__, _listed, _names = lazy_loader.attach_stub(__name__, __file__)
__all__ = [*_names, "__version__"]


def __dir__() -> list[str]:
    return sorted(__all__)
