"""The registry of remedies. Adding one: a new file, one line here."""

from models.remedies.base import Remedy
from models.remedies.reweighing import Reweighing
from models.remedies.temperature import Temperature

REMEDIES: dict[str, type[Remedy]] = {
    "reweighing": Reweighing,
    "temperature": Temperature,
}
