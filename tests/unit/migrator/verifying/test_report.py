"""The table of named queries, and what it reads out of a plan."""

from __future__ import annotations

import json
import math
from dataclasses import asdict

from migrator.query import Query
from migrator.verifying import report
from migrator.verifying.explain import Timing
from migrator.verifying.judge import Verdict
from migrator.verifying.plantree import PlanTree
from migrator.verifying.report import Answer

LONG = "Messages of a direction, in a conversation that goes on and on"


def timing(milliseconds: float | None, plan: str = 'Seq Scan on "t"') -> Timing:
    rows = None if milliseconds is None or math.isinf(milliseconds) else 1234
    return Timing(plan=plan, milliseconds=milliseconds, rows=rows, parameters=(("1", None),))


def answer(name: str, before: Timing | None, now: Timing, *verdicts: str) -> Answer:
    query = Query(name=name, migration="m", line=1, sql="SELECT 1", parameters="", arity=0, uses=())
    judged = tuple(Verdict(text=text, family=frozenset()) for text in verdicts)
    return Answer(query=query, before=before, now=now, trees=(), verdicts=judged)


def test_the_table_is_aligned() -> None:
    """Times have units, a cut-off is a lower bound, what was not measured is a dash."""
    lines = report.table(
        [
            answer(LONG, timing(20.0), timing(5.0, 'Index Scan by "i"'), '"i" is used'),
            answer("slower", timing(1.0, 'Index Scan by "i"'), timing(1.5)),
            answer("as before", timing(1.0), timing(1.5)),
            answer("cut off before", timing(math.inf), timing(500.0)),
            answer("cut off now", timing(1.0), timing(math.inf)),
            answer("only now", None, timing(None)),
        ],
        timeout=10,
    )
    assert lines == [
        "query                                           before           now     faster        rows",
        "Messages of a direction, in a conversati     20.000 ms      5.000 ms     75.0 %       1,234",
        '  before: Seq Scan on "t"',
        '  now:    Index Scan by "i"',
        '  "i" is used',
        "slower                                        1.000 ms      1.500 ms    -50.0 %       1,234",
        '  before: Index Scan by "i"',
        '  now:    Seq Scan on "t"',
        "as before                                     1.000 ms      1.500 ms  same scan       1,234",
        '  before: Seq Scan on "t"',
        '  now:    Seq Scan on "t"',
        "cut off before                                  > 10 s    500.000 ms   > 95.0 %       1,234",
        '  before: Seq Scan on "t"',
        '  now:    Seq Scan on "t"',
        "cut off now                                   1.000 ms        > 10 s          –           –",
        '  before: Seq Scan on "t"',
        '  now:    Seq Scan on "t"',
        "only now                                             –             –          –           –",
        '  now:    Seq Scan on "t"',
    ]
    assert report.table([], timeout=10) == []


def test_a_line_stays_a_line() -> None:
    """A log's width holds it, however many tables a query joins."""
    lines = report.table([answer("q" * 200, None, timing(1.0, "Index Scan by x, " * 20))], timeout=10)
    assert max(len(line) for line in lines) <= 110


def test_figures_survive_the_ledger() -> None:
    """JSON and back: also a time without bound."""
    for kept in (timing(math.inf), timing(1.5), timing(None)):
        assert Timing.from_json(json.loads(json.dumps(asdict(kept)))) == kept


def test_a_plan_tells_its_scans() -> None:
    """A bitmap's index stands for its table; a node that scans nothing is named when it is all there is."""
    bitmap = {
        "Node Type": "Bitmap Heap Scan",
        "Relation Name": "t",
        "Plans": [{"Node Type": "Bitmap Index Scan", "Index Name": "t_i"}],
    }
    whole = {"Node Type": "Seq Scan", "Relation Name": "u", "Parallel Aware": True}
    twice = {"Node Type": "Append", "Plans": [bitmap, {"Node Type": "Gather", "Plans": [whole, whole]}]}
    tree = PlanTree(root=twice)
    assert tree.indexes == {"t_i"}
    assert tree.sequential == {"u"}
    assert tree.summary == 'Bitmap Index Scan by "t_i", Parallel Seq Scan on "u"'
    assert PlanTree(root={"Node Type": "Result"}).summary == "Result"
