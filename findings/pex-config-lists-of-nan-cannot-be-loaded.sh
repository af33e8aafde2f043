#!/usr/bin/env bash
# A config list or mapping that holds NaN or infinity is saved without a word and can be loaded by nobody.
#
# Software: lsst-pex-config 30.2026.4300 (PyPI).
# Input: a Config with Field(float), ListField(float) and DictField(str, float), set to infinity or NaN, which all
#   accept, as for a read noise that is not known or a limit that is none.
# Expected: save, then load, gives the same config; so does pickle.
# Seen: a single field is saved as float('inf') and comes back. The list is saved as [inf, 1.0] and the mapping as
#   {'ccd00': nan}: names that Python does not know, so load, and pickle, which keeps the same text, raise NameError.
set -euo pipefail
unset PYTHONPATH
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
python3 -m venv env
env/bin/pip install --quiet lsst-pex-config==30.2026.4300 2> pip.log ||
    { cat pip.log; echo "cannot install"; exit 2; }
cat > noise.py <<'END'
from lsst.pex.config import Config, DictField, Field, ListField


class Noise(Config):
    single = Field("One number", float, default=1.0)
    several = ListField("Numbers", float, default=[1.0])
    named = DictField("Numbers by name", str, float, default={})
END
PYTHONPATH=$dir env/bin/python - <<'END'
import math
import pickle
import sys

from noise import Noise

seen = {}
for name, value in (("single", math.inf), ("several", [math.inf, 1.0]), ("named", {"ccd00": math.nan})):
    config = Noise()
    setattr(config, name, value)
    config.validate()
    config.save("saved.py")
    for way in ("load", "pickle"):
        again = Noise()
        try:
            if way == "load":
                again.load("saved.py")
            else:
                again = pickle.loads(pickle.dumps(config))
            seen[name, way] = "equal" if again == config else "another"
        except NameError as error:
            seen[name, way] = str(error)
        print(f"{name} = {value}, {way}: {seen[name, way]}")
expected = {
    "single": "equal",
    "several": "name 'inf' is not defined",
    "named": "name 'nan' is not defined",
}
if seen != {(name, way): text for name, text in expected.items() for way in ("load", "pickle")}:
    sys.exit("the behaviour has changed")
END
