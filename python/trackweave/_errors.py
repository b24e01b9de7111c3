"""What Trackweave raises; the words are those of the command."""


class Error(Exception):
    """Whatever Trackweave says was found and was not wanted."""


class InputError(Error, ValueError):
    """A recording, a policy, a configuration, a sensor or a detection that is wrong, or something that cannot be asked for."""


class OutputError(Error, OSError):
    """An output that cannot be written, or not within the memory that there is for it."""


class DeviceError(Error, RuntimeError):
    """A device that is not there, or failed."""


for _error in (Error, InputError, OutputError, DeviceError):
    _error.__module__ = "trackweave"
