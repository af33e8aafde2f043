"""What pyproject.toml cannot say: the folder ``resources`` is installed inside ``isrcore``."""

from setuptools import find_packages, setup

setup(
    packages=[*find_packages(include=["isrcore*", "isrviewer*"]), "isrcore.resources"],
    package_dir={"isrcore.resources": "resources"},
)
