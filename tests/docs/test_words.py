"""Plain words: no text of the project has a phrase that a noun of the field replaces.

A line in `RETIRED` retires a phrase. A failure names the file, the line, the phrase and
its replacement.
"""

import re
from pathlib import Path
from typing import NamedTuple

import pytest

ROOT = Path(__file__).parents[2]
GENERATED = ("docs/_build", "docs/auto_examples", "docs/reference")
# A group is a file or a folder, without the folders that are groups themselves.
GROUPS = [
    "README.md",
    "pyproject.toml",
    "docs",
    "examples",
    "skjacobnet",
    "skjacobnet/inspection/displays",
    "tests",
    "tests/benchmarks",
    "tests/examples",
]
# Between two words of a phrase: also the next line of a comment or of a string.
SPACE = r"""(?:\s|\#|"\s*\n\s*f?")+"""
LAYERS = r"(?:layer|activation|scaler|encoding|pipeline|relu|softmax|step|weight)s?"


class Retired(NamedTuple):
    """A phrase that is no longer used.

    `key` is a part of it that is quick to find. `pattern` is a regular expression for
    texts in lower case, or for texts as they are if it has "What"; its spaces match the
    end of a line, too. `example` is a text with the phrase. It is retired in `folder`.
    """

    key: str
    pattern: str
    instead: str
    example: str
    folder: str = ""


RETIRED = [
    Retired(
        "back",
        r"\b(?:holds?|held|holding)(?: \w+)? back\b",
        "validation set, validation rows or held-out rows",
        "the rows held back for validation",
    ),
    Retired(
        "trained on",
        r"\brows (?:(?:that|which) )?(?:(?:were|are) )?(?:not|never) trained on",
        "validation set or held-out rows",
        "rows that are not trained on",
    ),
    Retired(
        "back",
        r"\b(?:comes?|came|coming) back\b",
        "backpropagated gradient, cotangent or returned value",
        "what comes back to the first layer",
    ),
    Retired(
        " own",
        r"\bof (?:one's|your|my|our|its|their|his|her) own"
        # With a noun it is allowed: "of its own loss".
        r"(?=\W*(?:\n\s*\n|$)|[^\s\w#]| (?:and|or|for|in|on|that|which|is|are|as|by|to|"
        r"with|has|have|can|may|at|from|it|when|while|where|must|without|instead)\b)",
        "custom, separate or its",
        "a loss of one's own.",
    ),
    Retired("bit", r"\bto the (?:last )?bit\b", "bit-identical", "equal to the bit"),
    Retired("bit", r"\bbit for bit\b", "bit-identical", "the same, bit\n    # for bit"),
    Retired(
        "front", r"\bin front\b", "preceding, before or first", "in\n  front of it"
    ),
    Retired("behind", LAYERS + " behind", "following or after", "the layer behind it"),
    Retired(
        "behind",
        rf"\bbehind (?:an?|the|its|each|all|any) (?:\w+ )?{LAYERS}\b",
        "following or after",
        "behind a standard scaler",
    ),
    Retired("trainings", r"\btrainings\b", "runs or fits", "two trainings differ"),
    Retired(
        "a training",
        # With a noun it is allowed: "a training set".
        r"\ba training(?=[.,;:!?)]| (?:that|which|is|was|of|with|on|ends|goes|and|or|"
        r"in|for|by|from|to|may|can|has|over|whose)\b)",
        "run or fit",
        "a training that ends",
    ),
    Retired(
        "belief",
        # A prior belief about the world and a title are allowed.
        r"\b(?:a|the|its|their) beliefs?\b(?! (?:about|that)\b)",
        "predicted probabilities or prediction",
        "a belief in one of three classes",
    ),
    Retired("heart", r"\bby heart\b", "overfitting", "rows learned by heart"),
    Retired("to wait", r"\bhow long to wait\b", "patience", "say how long to wait"),
    Retired(
        "prediction's",
        r"\bconstant prediction's loss\b",
        "baseline loss",
        "the constant prediction's loss",
    ),
    Retired(
        "one column",
        r"\bone column (?:a|per|for each) category\b",
        "one-hot encode",
        "one column a category",
    ),
    Retired(
        "of words",
        r"\b(?:columns?|cells?|tables?) of words\b",
        "text, strings or categories",
        "columns of words",
    ),
    Retired(
        "most",
        r"\bfeatures? (?:that|which) says? (?:the )?most\b",
        "feature importance",
        "the feature that says most",
    ),
    Retired(
        "measured",
        r"\bwhat is measured\b",
        "the noun",
        "what is measured",
        "skjacobnet",
    ),
    Retired("picture", r"\bpictures?\b", "plot or figure", "a picture", "skjacobnet"),
    Retired(
        "what",
        # At the beginning of a docstring or of a description, and not a question.
        r'(?:\n[^\S\n]+|""")What\b(?![^.]*\?)[^\n]*',
        "the noun itself, such as 'Training loss.'",
        "    loss : str\n        What is trained.",
        "skjacobnet",
    ),
]
PATTERNS = [re.compile(phrase.pattern.replace(" ", SPACE)) for phrase in RETIRED]


def files_of(group):
    """Return the names of the texts of a group, relative to the root."""
    others = tuple(other + "/" for other in GROUPS if other.startswith(group + "/"))
    path = ROOT / group
    found = [path] if path.is_file() else path.rglob("*")
    names = (
        path.relative_to(ROOT).as_posix() for path in found if path != Path(__file__)
    )
    return sorted(
        name
        for name in names
        if name.endswith((".py", ".rst", ".md", ".toml"))
        and not name.startswith((*GENERATED, *others))
    )


def retired_in(text, name):
    """Return a message for each retired phrase in a text, in order."""
    found = []
    lower = text.lower().replace("_", " ")  # names are read, too
    for phrase, pattern in zip(RETIRED, PATTERNS, strict=True):
        if phrase.key not in lower or not name.startswith(phrase.folder):
            continue
        for match in pattern.finditer(text if "What" in phrase.pattern else lower):
            words = match.group().lstrip()
            line = text.count("\n", 0, match.end() - len(words)) + 1
            words = " ".join(words.replace("#", " ").split())
            found.append((line, f"{name}:{line}: {words!r}; write {phrase.instead}"))
    return [message for _, message in sorted(found)]


@pytest.mark.parametrize("group", GROUPS)
def test_no_retired_phrase_returns(group):
    names, found = files_of(group), []
    assert names
    for name in names:
        found += retired_in((ROOT / name).read_text(encoding="utf-8"), name)
    assert not found, f"{len(found)} retired phrases:\n" + "\n".join(found)


@pytest.mark.parametrize("phrase", RETIRED, ids=lambda phrase: phrase.example)
def test_a_planted_phrase_is_found(phrase):
    """With its line: the first one of the phrase."""
    name = f"{phrase.folder or 'docs'}/page.py"
    messages = retired_in(f"one\ntwo\n{phrase.example}\n", name)
    line = 4 if phrase.example.startswith(" ") else 3
    assert len(messages) == 1
    assert messages[0].startswith(f"{name}:{line}: ")
    assert messages[0].endswith(f"; write {phrase.instead}")


def test_plain_words_are_no_retired_phrases():
    text = (
        "Split a training set into folds. Each member has its own seed, and the "
        "gradient of its own\nloss. The command behind each row is given.\n    What is "
        "a link? Text columns are encoded. A training run ends. Go back to the pass."
    )
    assert retired_in(text, "skjacobnet/page.py") == []
