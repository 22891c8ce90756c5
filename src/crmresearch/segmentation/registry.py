"""Every registered method for a customer table, in blocks of equal numbers of segments."""

from collections.abc import Sequence
from functools import cache
from importlib import import_module
from importlib.metadata import entry_points
from pkgutil import iter_modules

from crmresearch.segmentation import methods as shipped
from crmresearch.segmentation.contract import REGISTERED, SegmentationError, Segmenter

VALUE = ("expected_value", "p_alive")  # columns of a value model, which may be missing
GROUP = "crmresearch.segmentation"  # entry points of packages that bring methods of their own


@cache
def _load() -> None:
    """Import what registers methods: the modules of this package, then those of others."""
    for module in iter_modules(shipped.__path__):
        import_module(f"{shipped.__name__}.{module.name}")
    for point in sorted(entry_points(group=GROUP)):
        point.load()


def registered() -> list[type[Segmenter]]:
    """The registered methods in the order of their places."""
    _load()
    return sorted(REGISTERED, key=lambda method: method.place)


def every_method(sizes: Sequence[int] = (4, 8), seed: int = 0, value: bool = True) -> list[Segmenter]:
    """Rules with the number of segments they have, then every method that can have any, once for each of `sizes`.

    Without `value`, those that read the columns of a value model are left out. None is fitted. Raises
    SegmentationError where two methods have one name.
    """
    known = registered()
    found = [variant for method in known for variant in method.as_ruled(seed)]
    found += [variant for k in sizes for method in known for variant in method.of_size(k, seed)]
    kinds: dict[str, type[Segmenter]] = {}
    for method in found:
        if (kind := kinds.setdefault(method.name, type(method))) is not type(method):
            raise SegmentationError(
                f"{kind.__module__}.{kind.__name__} and {type(method).__module__}.{type(method).__name__} both call "
                f"themselves {method.name}; give one another `name`."
            )
    return [method for method in found if value or not set(method.needs) & set(VALUE)]


def described(seed: int = 0) -> list[Segmenter]:
    """The variants that a customer report describes one by one. None is fitted."""
    return [variant for method in registered() for variant in method.as_described(seed)]


def variant(key: str, seed: int = 0) -> Segmenter | None:
    """The registered method of this key, such as `k_means_5`, not fitted; None where there is none."""
    number = key.rpartition("_")[2]
    sizes = [int(number)] if number.isdecimal() and int(number) > 1 else []
    return next((method for method in [*described(seed), *every_method(sizes, seed)] if method.name == key), None)
