"""Tests of heat-image-props."""

import contextlib

# Heat's test cases choose this too, but a module of Heat imported before them
# would choose eventlet for the whole process. Heat 22 knows no other choice.
with contextlib.suppress(ImportError):
    from oslo_service import backend

    backend.init_backend(backend.BackendType.THREADING)
