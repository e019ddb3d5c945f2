"""Tests of heat-image-props."""

import contextlib

# Heat's test cases choose this too, but a module of Heat imported before them
# would choose eventlet for the whole process. Heat 22 to 24 know no other
# choice: their oslo.service has none to make, or lacks the threads.
with contextlib.suppress(ImportError, ValueError):
    from oslo_service import backend

    backend.init_backend(backend.BackendType.THREADING)
