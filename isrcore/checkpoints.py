"""Results kept after each step, under a byte budget.

A checkpoint shares every plane that a step did not change with the checkpoint before it, so twenty steps of one CCD
cost a few frames, not twenty. Its key says what it was made from: the input's identity and the parameters of all
enabled steps up to it. Nothing that only concerns the view enters a key, so switching an option off and on again finds
the old result.
"""

from __future__ import annotations

import hashlib
import itertools
import math
import threading
import weakref
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from isrcore.calib.defects import Defects
from isrcore.changes import PlaneChanges
from isrcore.image import Exposure, MaskedImage
from isrcore.image.mask import Mask
from isrcore.metadata import PropertyList
from isrcore.pipe import Struct
from isrcore.status import Status
from isrcore.steps.step import IsrState, Step
from isrcore.values import frozen

__all__ = ["Checkpoint", "CheckpointStore", "StepReport", "identity", "protect", "step_key", "working_copy"]

_tokens: weakref.WeakKeyDictionary[Any, str] = weakref.WeakKeyDictionary()
_counter = itertools.count(1)


def identity(value: Any) -> str:
    """A name for the content of an input object, stable as long as the object lives.

    Objects are taken to be what they are, not what their pixels say: hashing a frame costs more than a step. Plain
    values are named by their text.
    """
    if isinstance(value, Struct):
        return ";".join(f"{name}={identity(item)}" for name, item in value.getDict().items())
    if value is None or isinstance(value, (str, bytes, int, float)):
        return repr(value)
    if isinstance(value, np.ndarray):
        # A kernel or a table: small, and without an identity of its own.
        return f"{value.dtype}{value.shape}{hashlib.blake2b(value.tobytes(), digest_size=16).hexdigest()}"
    if isinstance(value, (list, tuple)):
        return f"[{','.join(identity(item) for item in value)}]"
    if isinstance(value, Defects):
        # Can be edited in place, and a map that was edited and put back is the map that it was.
        return f"Defects{identity(np.array([(box.x0, box.y0, box.width, box.height) for box in value]))}"
    if isinstance(value, Mapping):
        return f"{{{','.join(f'{key}:{identity(item)}' for key, item in value.items())}}}"
    try:
        return _tokens.setdefault(value, f"{type(value).__name__}#{next(_counter)}")
    except TypeError:
        return repr(value)


def _config_values(config: Any, reads: Iterable[str]) -> Iterator[tuple[str, Any]]:
    for path in reads:
        node = config
        for part in path.rstrip(".").split("."):
            node = getattr(node, part)
        # Another class for a subtask gives another result, even with the same settings.
        yield path, (getattr(node, "target", None), node.toDict()) if hasattr(node, "toDict") else node


def step_key(previous: str, step: Step, config: Any, calib_keys: Mapping[str, str]) -> str:
    """Key of the result of `step` on a result with key `previous`.

    Parameters
    ----------
    previous : str
    step : `Step`
    config : config
        Read at the fields that the step declares; a path that ends in a point stands for everything below it.
    calib_keys : mapping
        Identity of each calibration by name.
    """
    parts = [previous, step.name]
    parts += [f"{path}={value!r}" for path, value in _config_values(config, step.reads)]
    parts += [f"{name}:{calib_keys.get(name, 'None')}" for name in step.needs]
    return hashlib.blake2b("\n".join(parts).encode(), digest_size=16).hexdigest()


def _read_only(array: NDArray[Any]) -> NDArray[Any]:
    view = array.view()
    view.flags.writeable = False
    return view


def protect(state: IsrState) -> IsrState:
    """The same state with read-only planes, so that a step that changes what it did not declare fails at once."""
    pixels = state.exposure.masked_image
    mask = Mask(_read_only(pixels.mask.array), pixels.mask.planes)
    frozen = MaskedImage(_read_only(pixels.image), mask, _read_only(pixels.variance), pixels.xy0)
    result = state.copy()
    result.exposure = state.exposure.with_pixels(frozen)
    return result


def working_copy(state: IsrState, step: Step, may_share: bool = True) -> IsrState:
    """A state for `step` to work on: copies of exactly what it declares to write, everything else shared.

    A step that makes new planes gets everything shared, and may replace what it declares to write; without `may_share`
    it gets copies like the others.
    """
    pixels = state.exposure.masked_image
    # A mask that may change has its own names of planes: they may become more.
    mask = Mask(pixels.mask.array, pixels.mask.planes.copy()) if "mask" in step.writes else pixels.mask
    working = MaskedImage(pixels.image, mask, pixels.variance, pixels.xy0)
    working.replaceable = step.writes
    if not (step.makes_new_planes and may_share):
        working.make_writable(*step.writes)
    result = state.copy()
    metadata = state.exposure.metadata
    result.exposure = state.exposure.with_pixels(working, metadata.copy() if "metadata" in step.writes else metadata)
    return result


@dataclass
class Checkpoint:
    """The state after one step.

    Attributes
    ----------
    key : str
    step : `Step`
    state : `IsrState`
        With read-only planes.
    task_metadata : dict
        Full task name -> metadata after the step.
    seconds : float
        What the step took.
    changes : `PlaneChanges` or None
        What the step changed, when the run measures it.
    """

    key: str
    step: Step
    state: IsrState
    task_metadata: dict[str, PropertyList]
    seconds: float
    changes: PlaneChanges | None = None
    last_used: int = field(default=0, repr=False)

    @property
    def exposure(self) -> Exposure:
        return self.state.exposure

    def arrays(self) -> Iterator[NDArray[Any]]:
        """Every array that the checkpoint holds on to."""
        yield from _arrays_of(self.state.exposure)
        for value in self.state.results.values():
            yield from _arrays_of(value)


def _arrays_of(value: Any) -> Iterator[NDArray[Any]]:
    if isinstance(value, np.ndarray):
        yield value
    elif isinstance(value, Exposure):
        yield from _arrays_of(value.masked_image)
    elif isinstance(value, MaskedImage):
        yield from (value.image, value.mask.array, value.variance)
    elif isinstance(value, Struct):
        yield from _arrays_of(list(value.getDict().values()))
    elif isinstance(value, (list, tuple)):
        for item in value:
            yield from _arrays_of(item)


def _memory(array: NDArray[Any]) -> tuple[int, int]:
    """Identity and size of the memory behind an array: views of one buffer count once."""
    owner: Any = array
    while isinstance(owner.base, np.ndarray):
        owner = owner.base
    return id(owner), int(owner.nbytes)


@frozen
class StepReport:
    """What happened at one step.

    Attributes
    ----------
    index : int
        Place in the chain.
    step : `Step`
    status : `Status`
        ``RUNNING``, ``DONE``, ``CACHED``, ``SKIPPED`` or ``FAILED``.
    reason : str
        Why the step was skipped, or the message of its error.
    seconds : float
        What the step took when it ran (also for a cached result).
    checkpoint : `Checkpoint` or None
        The result, when the run keeps results.
    changes : `PlaneChanges` or None
        What the step changed, when the run measures it.
    error : exception or None
    """

    index: int
    step: Step
    status: Status
    reason: str = ""
    seconds: float = 0.0
    checkpoint: Checkpoint | None = None
    changes: PlaneChanges | None = None
    error: BaseException | None = None


class CheckpointStore:
    """Checkpoints by key, at most `budget` bytes of distinct memory.

    When the budget is exceeded the least useful checkpoint goes first: the one whose step is quickest to repeat for the
    memory that it frees, among those not used in the latest run if there are any. Dropped results are computed again
    when asked for.

    Parameters
    ----------
    budget : float
        Bytes.
    """

    def __init__(self, budget: float = math.inf) -> None:
        self.budget = budget
        self._items: dict[str, Checkpoint] = {}
        self._run = 0
        self._lock = threading.RLock()

    def begin_run(self) -> None:
        """Mark the start of a run: what it touches is kept longer."""
        with self._lock:
            self._run += 1

    def get(self, key: str) -> Checkpoint | None:
        with self._lock:
            found = self._items.get(key)
            if found is not None:
                found.last_used = self._run
            return found

    def put(self, checkpoint: Checkpoint) -> None:
        with self._lock:
            checkpoint.last_used = self._run
            self._items[checkpoint.key] = checkpoint
            self._shrink(keep=checkpoint.key)

    def nbytes(self) -> int:
        """Bytes of distinct memory held."""
        with self._lock:
            return sum(dict(self._all_memory()).values())

    def clear(self) -> None:
        with self._lock:
            self._items.clear()

    def __len__(self) -> int:
        return len(self._items)

    def __contains__(self, key: object) -> bool:
        return key in self._items

    def _all_memory(self) -> Iterator[tuple[int, int]]:
        for checkpoint in self._items.values():
            yield from (_memory(array) for array in checkpoint.arrays())

    def _shrink(self, keep: str) -> None:
        while len(self._items) > 1 and self.nbytes() > self.budget:
            holders: dict[int, int] = {}
            owned = {key: dict(map(_memory, checkpoint.arrays())) for key, checkpoint in self._items.items()}
            for buffers in owned.values():
                for buffer in buffers:
                    holders[buffer] = holders.get(buffer, 0) + 1

            def cost(
                key: str, owned: dict[str, dict[int, int]] = owned, holders: dict[int, int] = holders
            ) -> tuple[int, float]:
                checkpoint = self._items[key]
                freed = sum(size for buffer, size in owned[key].items() if holders[buffer] == 1)
                return checkpoint.last_used, checkpoint.seconds / (freed + 1)

            del self._items[min((key for key in self._items if key != keep), key=cost)]
