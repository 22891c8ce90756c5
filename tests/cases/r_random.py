"""Random numbers of R 3.6 and later, so that a reference made with `set.seed` and `sample` can be met to its digits.

Mersenne Twister (Matsumoto & Nishimura 1998) seeded as R does it, and sampling by rejection of random bits.
"""

import numpy as np
from numpy.typing import NDArray


def r_sample(n: int, size: int, seed: int) -> NDArray[np.intp]:
    """`set.seed(seed); sample(n, size, replace = TRUE) - 1` for n up to 65,536."""
    state = np.empty(625, dtype=np.uint32)
    for _ in range(50):
        seed = (69069 * seed + 1) % 2**32
    for i in range(625):
        seed = (69069 * seed + 1) % 2**32
        state[i] = seed
    twister = np.random.MT19937()
    twister.state = {"bit_generator": "MT19937", "state": {"key": state[1:], "pos": 624}}
    bits = int(n - 1).bit_length()
    kept = np.empty(0, dtype=np.intp)
    while len(kept) < size:
        uniform = twister.random_raw(2 * size).astype(np.float64) * 2.3283064365386963e-10
        drawn = np.floor(uniform * 65536).astype(np.intp) & (2**bits - 1)
        kept = np.concatenate([kept, drawn[drawn < n]])
    return kept[:size]


def r_counts(n: int, samples: int, seed: int) -> NDArray[np.float64]:
    """How often each row (samples, n) was drawn in successive `sample(n, n, TRUE)` after `set.seed(seed)`."""
    rows = r_sample(n, n * samples, seed).reshape(samples, n)
    return np.stack([np.bincount(row, minlength=n) for row in rows]).astype(np.float64)
