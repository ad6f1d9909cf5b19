"""Strategies for documents, for every test that needs arbitrary ones."""

from hypothesis import strategies as st

from fairway.kits.canonical import JsonObject, JsonValue

# Everything UTF-8 can hold; YAML escapes what it cannot hold in clear.
texts = st.text(st.characters(codec="utf-8"), max_size=40)
integers = st.integers(min_value=-(2**63), max_value=2**64 - 1)
floats = st.floats(allow_nan=False, allow_infinity=False)
scalars: st.SearchStrategy[JsonValue] = (
    st.none() | st.booleans() | integers | floats | texts | st.sampled_from(
        ["no", "on", "~", "null", "1e3", "0o14", "012", ".5", "+.inf", "<<", "=", "1:30",
         "2001-01-01", "- a", "a: b", "#", " x", "x ", "a\n", "\na", "a\n b\n", "a \nb", "---",
         "..."]
    )
)  # fmt: skip
json_values: st.SearchStrategy[JsonValue] = st.recursive(
    scalars,
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(texts, inner, max_size=4),
    max_leaves=12,
)
json_objects: st.SearchStrategy[JsonObject] = st.dictionaries(texts, json_values, max_size=5)

# Pieces of YAML that mean something special somewhere; joined they make odd documents.
_PIECES = [
    "a: ", "b: ", "\n", "\n  ", "\n- ", "- ", "[", "]", "{", "}", ", ", ",", ": ", ":", "? ",
    "&x ", "*x", "!!str ", "!t ", "! ", "<<: ", "<<", "'", '"', "|\n", ">-\n", "# c", " #", "---",
    "--- ", "\n---\n", "\n...\n", "%YAML 1.2\n", "\t", "~", "no", "true", "null", "0", "00", "07",
    "0b1", "0x1F", "-0x1F", "+0o7", "0o8", "1.", ".5", "1e3", "1e400", "9" * 19, "9" * 20, ".inf",
    ".nan", "1_000", "1:30", "x", "é", "\u2028", "\u0085", "\ufeff", "\x07", "\r", "\r\n", "$", "=",
]  # fmt: skip
yaml_texts = st.lists(st.sampled_from(_PIECES), max_size=14).map("".join)
