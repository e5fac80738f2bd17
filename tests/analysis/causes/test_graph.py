import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from analysis.causes.graph import (
    LABEL_NODE,
    Graph,
    Node,
    graph_from_json,
    graph_of_columns,
    parse_graph,
)
from analysis.causes.graph_nodes import merged, taken_apart
from analysis.errors import SettingError


def mechanisms(graph):
    return [str(m) for m in graph.mechanisms]


def test_several_columns_as_one_node_are_written_in_braces():
    graph = parse_graph("{age,income}->Y, sex->{age,income}")
    assert graph.node("age+income").columns == ("age", "income")
    assert mechanisms(graph) == ["P(sex)", "P(age+income|sex)", "P(Y|age+income)"]


def test_a_node_can_have_a_name_of_its_own_given_once():
    graph = parse_graph("sex->wealth={income,gains},wealth->Y")
    assert graph.node("wealth").columns == ("income", "gains")
    assert str(graph) == "sex->wealth={income,gains},wealth->Y"


def test_names_with_marks_are_quoted_as_in_csv():
    graph = parse_graph('"a, b"->Y,"say ""so""->"->Y')
    assert [n.name for n in graph.nodes] == ["a, b", "Y", 'say "so"->']
    assert parse_graph(str(graph)) == graph


names = st.text(min_size=1, max_size=6).filter(lambda t: t == t.strip())


@st.composite
def graphs(draw):
    columns = draw(st.lists(names, min_size=2, max_size=7, unique=True))
    cut = draw(st.integers(1, len(columns) - 1))
    is_bundled = draw(st.booleans())
    nodes = [Node(c, (c,)) for c in columns[:cut] if c != LABEL_NODE]
    rest = tuple(c for c in columns[cut:] if c != LABEL_NODE)
    bundle = draw(names)
    taken = {n.name for n in nodes} | {LABEL_NODE}
    if is_bundled and len(rest) > 1 and bundle not in taken:
        nodes.append(Node(bundle, rest))
    else:
        nodes += [Node(c, (c,)) for c in rest]
    nodes.append(Node(LABEL_NODE, (LABEL_NODE,)))
    pairs = [(a.name, b.name) for i, a in enumerate(nodes) for b in nodes[i + 1 :]]
    edges = draw(st.lists(st.sampled_from(pairs), unique=True)) if pairs else []
    return Graph(tuple(nodes), tuple(edges))


def normal(graph):
    return {n.name: n.columns for n in graph.nodes}, set(graph.edges)


@given(graphs())
def test_text_and_json_give_the_same_graph_back(graph):
    if graph.edges:
        assert normal(parse_graph(str(graph))) == normal(graph)
    assert graph_from_json(json.loads(json.dumps(graph.to_json()))) == graph


@pytest.mark.parametrize(
    ("text", "advice"),
    [
        ("a->b->c", "such as G->Y"),
        ("{a,b->Y", "several columns as one in braces"),
        ("{a,,b}->Y", "braces"),
        ("w={a,b}->Y,w={a,c}->Y", "Name its columns once"),
        ("{a,b}->Y,a->Y", "column 'a' stands in the graph twice"),
        ('"a->Y', "close every quote"),
        ("a,b", "at least one"),
        ("a->a", "cannot be its own effect"),
    ],
)
def test_a_text_that_is_no_graph_says_what_to_write(text, advice):
    with pytest.raises(SettingError, match=advice):
        parse_graph(text)


def test_edges_that_would_close_a_circle_are_refused():
    graph = parse_graph("a->b,b->c")
    with pytest.raises(SettingError, match="a, b, c form a cycle"):
        graph.with_edge("c", "a")
    with pytest.raises(SettingError, match="Remove or reverse"):
        parse_graph("a->b,b->c,a->c").with_reversed("a", "c")
    assert graph.with_reversed("a", "b").edges == (("b", "a"), ("b", "c"))
    assert graph.without_edge("a", "b").edges == (("b", "c"),)


def test_layers_put_every_node_after_its_causes():
    graph = parse_graph("g->x,g->Y,x->Y,z->Y")
    assert graph.layers == (("g", "z"), ("x",), ("Y",))
    assert Graph(()).layers == ()


def test_merged_nodes_keep_their_edges_to_others_once():
    graph = merged(parse_graph("g->a,g->b,a->b,a->Y,b->Y"), ["a", "b"])
    assert graph == parse_graph("g->{a,b},{a,b}->Y")
    assert merged(parse_graph("g->a,a->Y"), ["g", "a"], "all").edges == (("all", "Y"),)


def test_nodes_with_another_one_between_them_cannot_be_merged():
    with pytest.raises(SettingError, match="cycle"):
        merged(parse_graph("a->b,b->c"), ["a", "c"])


@pytest.mark.parametrize("names", [["a"], ["a", "Y"], []])
def test_the_label_and_a_node_alone_cannot_be_merged(names):
    with pytest.raises(SettingError, match="at least two other nodes"):
        merged(parse_graph("a->Y,b->Y"), names)


def test_a_node_taken_apart_multiplies_to_the_same_mechanism():
    graph = taken_apart(parse_graph("g->{a,b,c},{a,b,c}->Y"), "a+b+c")
    assert mechanisms(graph) == [
        "P(g)",
        "P(a|g)",
        "P(b|g,a)",
        "P(c|g,a,b)",
        "P(Y|a,b,c)",
    ]


def test_one_column_can_be_taken_out_and_put_back():
    whole = parse_graph("{a,b,c}->Y")
    graph = taken_apart(whole, "a+b+c", "b")
    assert mechanisms(graph) == ["P(b)", "P(a+c|b)", "P(Y|b,a+c)"]
    back = merged(graph, ["b", "a+c"])
    assert set(back.nodes[0].columns) == {"a", "b", "c"}
    named = taken_apart(parse_graph("w={a,b,c}->Y"), "w", "b")
    assert [n.name for n in named.nodes] == ["b", "w", "Y"]


def test_a_node_of_one_column_cannot_be_taken_apart():
    with pytest.raises(SettingError, match="nothing to take"):
        taken_apart(parse_graph("a->Y"), "a")


def test_nodes_come_and_go_but_the_label_stays():
    graph = graph_of_columns(["a", "Y"], [("a", "Y")])
    assert graph.with_node(Node("b", ("b",))).without_node("b") == graph
    assert graph.without_node("a").edges == ()
    with pytest.raises(SettingError, match="Drop its edges instead"):
        graph.without_node("Y")
    with pytest.raises(SettingError, match="stands in the graph twice"):
        graph.with_node(Node("other", ("a",)))
