"""A causal graph as one line of text, as the command line and the page write it.

Edges are written `cause->effect` and joined by commas; a name without an arrow is a
node by itself. A node of several columns is `{age,income}`, or `wealth={age,income}`
once and `wealth` from then on. Names that hold a comma, a quote, a brace, an equals
sign or an arrow stand in double quotes with `""` for a quote, as in CSV.
"""

import re
from collections.abc import Mapping, Sequence

from analysis.errors import SettingError

Edge = tuple[str, str]
"""Names of cause and effect."""

_Token = tuple[str, str]

_TOKEN = re.compile(
    r"""\s*(?: "(?P<quoted>(?:[^"]|"")*)" | (?P<arrow>->) | (?P<mark>[,{}=])
    | (?P<word>(?:(?!->)[^,{}="])+) )\s*""",
    re.VERBOSE,
)
_SPECIAL = re.compile(r"[,{}=\"\n\r]|->")


def default_name(columns: Sequence[str]) -> str:
    """Return what a node of some columns is called unless it has a name of its own."""
    return "+".join(columns)


def written(columns: Mapping[str, Sequence[str]], edges: Sequence[Edge]) -> str:
    """Return a graph as text, edges first, then the nodes without any.

    Parameters
    ----------
    columns : mapping of str to sequence of str
        The columns behind each node.
    edges : sequence of (str, str)
    """
    met: set[str] = set()

    def node(name: str) -> str:
        said = _node(name, columns[name], is_first=name not in met)
        met.add(name)
        return said

    parts = [f"{node(cause)}->{node(effect)}" for cause, effect in edges]
    return ",".join([*parts, *(node(name) for name in columns if name not in met)])


def read(text: str) -> tuple[dict[str, tuple[str, ...]], list[Edge]]:
    """Return the columns behind each node, by name, and the edges.

    Raises
    ------
    SettingError
        An edge cannot be read, or a name stands for two sets of columns.
    """
    columns: dict[str, tuple[str, ...]] = {}
    edges = []
    for item in _separated(_tokens(text), ","):
        ends = [_end(end, item) for end in _separated(item, "->")]
        if not 1 <= len(ends) <= 2:
            raise _unreadable(item)
        for name, given in ends:
            known = columns.setdefault(name, given)
            if given and known and given != known:
                raise SettingError(
                    f"'{name}' stands for two sets of columns. Name its columns once."
                )
            columns[name] = given or known
        if len(ends) == 2:
            edges.append((ends[0][0], ends[1][0]))
    return {name: given or (name,) for name, given in columns.items()}, edges


def _node(name: str, columns: Sequence[str], *, is_first: bool) -> str:
    if tuple(columns) == (name,):
        return _quoted(name)
    inside = "{" + ",".join(map(_quoted, columns)) + "}"
    if len(columns) > 1 and name == default_name(columns):
        return inside
    return f"{_quoted(name)}={inside}" if is_first else _quoted(name)


def _quoted(name: str) -> str:
    is_clear = bool(name) and name == name.strip() and not _SPECIAL.search(name)
    return name if is_clear else '"' + name.replace('"', '""') + '"'


def _tokens(text: str) -> list[_Token]:
    """Return the names of a text as ("name", ..), and its marks as they are."""
    tokens, at = [], 0
    while at < len(text):
        match = _TOKEN.match(text, at)
        if match is None:
            raise SettingError(
                f"The graph cannot be read from '{text[at:].strip()}' on; close every "
                "quote that is opened."
            )
        at = match.end()
        quoted, word = match["quoted"], match["word"]
        if quoted is not None:
            tokens.append(("name", quoted.replace('""', '"')))
        elif word is not None:
            tokens += [("name", word.strip())] if word.strip() else []
        else:
            mark = match["arrow"] or match["mark"]
            tokens.append((mark, mark))
    return tokens


def _separated(tokens: Sequence[_Token], mark: str) -> list[list[_Token]]:
    """Return the parts between marks outside braces; empty ones only at arrows."""
    parts: list[list[_Token]] = [[]]
    depth = 0
    for token in tokens:
        depth += (token[0] == "{") - (token[0] == "}")
        if token[0] == mark and depth == 0:
            parts.append([])
        else:
            parts[-1].append(token)
    return parts if mark == "->" else [part for part in parts if part]


def _end(tokens: list[_Token], item: list[_Token]) -> tuple[str, tuple[str, ...]]:
    """Return a node's name and the columns given with it, none for a bare name."""
    kinds = [kind for kind, _ in tokens]
    if kinds == ["name"]:
        return tokens[0][1], ()
    start = 2 if kinds[:2] == ["name", "="] else 0
    inside = kinds[start + 1 : -1]
    is_braced = kinds[start : start + 1] == ["{"] and kinds[-1:] == ["}"]
    is_list = inside[0::2] == ["name"] * len(inside[0::2]) and inside[1::2] == [
        ","
    ] * len(inside[1::2])
    if not (is_braced and is_list and len(inside) % 2):
        raise _unreadable(item)
    columns = tuple(text for kind, text in tokens[start:] if kind == "name")
    return (tokens[0][1] if start else default_name(columns)), columns


def _unreadable(item: Sequence[_Token]) -> SettingError:
    said = "".join(text for _, text in item)
    return SettingError(
        f"'{said}' is not an edge; write edges as cause->effect joined by commas, such "
        "as G->Y,Y->X1, and several columns as one in braces, such as {X1,X2}->Y."
    )
