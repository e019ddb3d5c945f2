# Licensed under the Apache License, Version 2.0 (the "License"); you may
# not use this file except in compliance with the License. You may obtain
# a copy of the License at
#
#      http://www.apache.org/licenses/LICENSE-2.0
#
# Unless required by applicable law or agreed to in writing, software
# distributed under the License is distributed on an "AS IS" BASIS, WITHOUT
# WARRANTIES OR CONDITIONS OF ANY KIND, either express or implied. See the
# License for the specific language governing permissions and limitations
# under the License.

"""Medians, spreads and growth. Pure."""

import collections.abc
import dataclasses
import math
import statistics


@dataclasses.dataclass(frozen=True)
class Spread:
    """What several runs came to.

    :ivar median: of the runs.
    :ivar low: the lowest.
    :ivar high: the highest.
    """

    median: float
    low: float
    high: float


def of(values: collections.abc.Sequence[float]) -> Spread:
    """The median of some values, and their range.

    :raises ValueError: there are none.
    """
    if not values:
        raise ValueError('no values')
    return Spread(statistics.median(values), min(values), max(values))


def ratios(
    ours: collections.abc.Sequence[float],
    others: collections.abc.Sequence[float],
) -> Spread:
    """The ratios of what was measured in the same round.

    :raises ValueError: there are not as many of one as of the other.
    """
    return of([one / other for one, other in zip(ours, others, strict=True)])


def exponent(
    sizes: collections.abc.Sequence[float],
    costs: collections.abc.Sequence[float],
) -> float:
    """The power of the size that the cost grows with: 1 is linear.

    The slope of a straight line through the logarithms.
    """
    return slope(list(map(math.log, sizes)), list(map(math.log, costs)))


def slope(
    xs: collections.abc.Sequence[float], ys: collections.abc.Sequence[float]
) -> float:
    """The slope of the straight line that fits best."""
    return statistics.linear_regression(xs, ys).slope
