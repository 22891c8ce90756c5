"""The longest tests start first, so that two workers end together: whole reports, then the notebooks."""

import pytest


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    order = {"reports": 0, "notebooks": 1}
    items.sort(key=lambda item: order.get(item.path.parent.name, 2))
