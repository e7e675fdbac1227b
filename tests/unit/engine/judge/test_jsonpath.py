"""JSONPath by RFC 9535."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.pace import soon
from wxcloudrun.engine.errors import DefinitionError
from wxcloudrun.engine.judge.jsonpath import BudgetError, compile_jsonpath, normalized_path
from wxcloudrun.engine.judge.outcome import Found, Missing, Unreadable

STORE = {
    "store": {
        "book": [
            {"title": "A", "price": 8.95, "isbn": "x"},
            {"title": "B", "price": 12.99},
            {"title": "C", "price": None},
        ],
        "bike": {"colour": "red", "price": 399},
    }
}


@pytest.mark.parametrize(
    ("path", "values"),
    [
        ("$.store.book[*].title", ["A", "B", "C"]),
        ("$..price", [8.95, 12.99, None, 399]),
        ("$.store.book[-1].title", ["C"]),
        ("$.store.book[0,1].title", ["A", "B"]),
        ("$.store.book[::2].title", ["A", "C"]),
        ("$.store.book[::-1].title", ["C", "B", "A"]),
        ("$.store.book[?@.isbn].title", ["A"]),
        ("$.store.book[?!@.isbn].title", ["B", "C"]),
        ("$.store.book[?@.price < 10].title", ["A"]),
        ("$.store.book[?@.price == null].title", ["C"]),
        ("$.store.book[?@.missing == @.other].title", ["A", "B", "C"]),
        ("$.store.book[?@.price > $.store.book[0].price].title", ["B"]),
        ("$.store.book[?length(@.title) == 1 && count(@.*) == 3].title", ["A"]),
        ("$.store.book[?match(@.title, '[AB]')].title", ["A", "B"]),
        ("$.store.book[?search(@.title, 'C')].title", ["C"]),
        ("$.store.book[?value(@..isbn) == 'x'].title", ["A"]),
        ("$.store['bike', 'book'][0].title", ["A"]),
        ("$.nothing", []),
        ("$", [STORE]),
    ],
)
def test_a_path_selects_its_values_in_order(path, values):
    assert compile_jsonpath(path).values(STORE) == values


def test_places_are_normalised():
    nodes = compile_jsonpath("$..[?@.colour]").find(STORE) + compile_jsonpath("$.store.book[-1]").find(STORE)
    assert [normalized_path(node) for node in nodes] == ["$['store']['bike']", "$['store']['book'][2]"]
    odd = compile_jsonpath("$.*").find({"a'\\\n\x0b": 1})
    assert normalized_path(odd[0]) == "$['a\\'\\\\\\n\\u000b']"


@pytest.mark.parametrize(
    ("path", "position"),
    [
        ("", 0),
        ("x", 0),
        ("$.", 2),
        ("$..", 3),
        ("$.a[", 4),
        ("$[01]", 2),
        ("$[-0]", 2),
        ("$[9007199254740992]", 2),
        ("$.a b", 4),
        (" $", 0),
        ("$.a\n", 4),
        ("$['a',]", 6),
        ("$[?@.a==01]", 8),
        ("$[?@.a==-01]", 8),
        ("$[?length(@.*)<3]", 3),
        ("$[?@.a==@.*]", 3),
        ("$[?foo(@)]", 3),
        ("$[?true]", 3),
        ("$[?count(@.*,)>1]", 13),
        ("$[?(@.a==1)==true]", 4),
        ("$[?(@.a)==1]", 4),
        ("$[?!@.a==1]", 3),
        ("$[?!!@.a]", 4),
        ("$[?@.a==1==2]", 8),
        ("$[?length((@.a))==1]", 11),
        ("$['\\ud800']", 3),
        ("$.\ud800", 2),
        ("$[?@.a =~ 'x']", 7),
        ("$.length()", 8),
    ],
)
def test_an_invalid_path_is_refused_with_the_position(path, position):
    with pytest.raises(DefinitionError) as caught:
        compile_jsonpath(path, "assertions.0.argument")
    assert caught.value.field == "assertions.0.argument"
    assert caught.value.position == position


@pytest.mark.parametrize(
    "path",
    [
        "$[?(((@.a)))]",
        "$[?!(!(@.a))]",
        "$[?@.a && (@.b || !@.c)]",
        "$ .a",
        "$[?@.a==-0]",
        "$[?@.a==1e400]",
        "$[?count( @.* )>1]",
    ],
)
def test_odd_but_valid_paths_are_accepted(path):
    compile_jsonpath(path)


@pytest.mark.parametrize(
    "path", ["$" + "[?@" * 61 + "]" * 61, "$[?" + "(" * 1_900 + "@", "$[?" + "!" * 3_900 + "@]", "$" + ".a" * 2_001]
)
def test_a_path_nested_too_deep_or_too_long_is_refused(path):
    with pytest.raises(DefinitionError, match="nested too deep|are allowed"):
        compile_jsonpath(path)


@pytest.mark.parametrize("shape", [lambda inner: [inner], lambda inner: {"a": inner}])
def test_documents_of_thousands_of_levels_are_answered(shape):
    document = 1
    for _ in range(5_000):
        document = shape(document)
    nodes = compile_jsonpath("$..*").find(document)
    assert len(nodes) == 5_000
    assert normalized_path(nodes[-1]).count("[") == 5_000
    assert len(compile_jsonpath("$..[?@ == @]").find(document)) == 5_000


def test_a_path_that_multiplies_is_stopped():
    document = [[[[[[0] * 10] * 10] * 10] * 10] * 10] * 10
    with soon(30):
        with pytest.raises(BudgetError):
            compile_jsonpath("$..*..*..*").find(document)
        with pytest.raises(Unreadable, match="places"):
            compile_jsonpath("$..*..*..*").read(document)


def test_catastrophic_patterns_inside_a_path_end_at_once():
    document = [{"s": "a" * 5_000 + "!"}] * 20
    with soon(2):
        assert compile_jsonpath("$[?match(@.s, '(a+)+')]").values(document) == []
        assert compile_jsonpath("$[?search(@.s, '(a|a)*b')]").values(document) == []


def test_an_invalid_pattern_in_the_document_matches_nothing():
    assert compile_jsonpath("$[?match('a', @)]").values(["(", "a", 5, "\\1"]) == ["a"]


def test_numbers_in_filters_are_exact_and_deep_comparison_knows_booleans():
    assert compile_jsonpath("$[?@ == 9007199254740993]").values([9007199254740992, 9007199254740993]) == [
        9007199254740993
    ]
    assert compile_jsonpath("$[?@.a == @.b]").values([{"a": [1], "b": [True]}, {"a": [1], "b": [1.0]}]) == [
        {"a": [1], "b": [1.0]}
    ]


def test_a_singular_path_reads_as_its_value_and_any_other_as_a_list():
    assert compile_jsonpath("$.store.book[2].price").read(STORE) == Found(None, "$.store.book[2].price")
    assert compile_jsonpath("$.store.book[2:].price").read(STORE) == Found([None], "$['store']['book'][2]['price']")


def test_a_path_that_stops_says_where_and_what_was_there():
    missing = compile_jsonpath("$.store.bok[0].title").read(STORE)
    assert isinstance(missing, Missing)
    assert missing.where == "$.store.bok[0].title\n       ^ nothing here"
    assert missing.nearest == "`$.store` exists and has keys: book, bike; closest: book"
    missing = compile_jsonpath("$.store.book[7]").read(STORE)
    assert isinstance(missing, Missing)
    assert missing.nearest == "`$.store.book` exists and is an array of 3"
    missing = compile_jsonpath("$.store.bike.colour.x").read(STORE)
    assert isinstance(missing, Missing)
    assert missing.nearest == '`$.store.bike.colour` exists and is "red" (string)'
    missing = compile_jsonpath("$.store.book[*].isbm").read(STORE)
    assert isinstance(missing, Missing)
    assert missing.many
    assert "matches 3 values (object) with keys: title, price, isbn" in (missing.nearest or "")


keys = st.sampled_from(["a", "b", "c", "x y", "é"]) | st.integers(-3, 3)
documents = st.recursive(
    st.none() | st.booleans() | st.integers(-5, 5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["a", "b", "c", "x y", "é"]), inner, max_size=3)
    ),
    max_leaves=25,
)


def naive(document, path):
    for key in path:
        if (
            isinstance(key, str)
            and isinstance(document, dict)
            and key in document
            or isinstance(key, int)
            and isinstance(document, list)
            and -len(document) <= key < len(document)
        ):
            document = document[key]
        else:
            return []
    return [document]


@given(documents, st.lists(keys, max_size=4))
def test_a_singular_path_agrees_with_walking_the_document(document, path):
    text = "$" + "".join(f"[{key}]" if isinstance(key, int) else f"['{key}']" for key in path)
    compiled = compile_jsonpath(text)
    expected = naive(document, path)
    assert compiled.values(document) == expected
    found = compiled.read(document)
    assert ([found.value] if isinstance(found, Found) else []) == expected


@given(documents)
def test_every_place_leads_back_to_its_value(document):
    for node in compile_jsonpath("$..*").find(document):
        assert compile_jsonpath(normalized_path(node)).values(document) == [node.value]


@given(st.text(alphabet="$.[]*?@'\"()!&|<>=ab01,: -", max_size=20))
def test_any_text_is_compiled_or_refused_with_a_position_inside_it(text):
    position = None
    try:
        compile_jsonpath("$" + text)
    except DefinitionError as error:
        position = error.position
    assert position is None or 0 <= position <= len(text) + 1


def test_matches_are_counted_while_they_are_made():
    path = compile_jsonpath(f"$[{','.join(['*'] * 500)}]")
    with soon(1):
        with pytest.raises(BudgetError, match="more than 100000 places"):
            path.find(list(range(20_000)))
    with pytest.raises(BudgetError):
        compile_jsonpath("$[0:]").find(list(range(100_001)))
