import inspect
import os

# Pydantic goes through the frames of the stack for the docstrings of each model's fields. The import system's have no
# file, so that `inspect` would compare each with every module there is: half of the time that importing the models of
# SCIM takes.
for _name in ("importlib._bootstrap", "importlib._bootstrap_external"):
    for _file in (f"<frozen {_name}>", os.path.abspath(f"<frozen {_name}>")):
        inspect.modulesbyfile[_file] = _name
