# SPDX-License-Identifier: MIT
"""epoll or io_uring: the ratios, the features, and how claims are judged from them.

`python test_versus.py --accept` rewrites the golden file after a wanted change; read the diff.
"""

from __future__ import annotations

import math
import random
import sys
import tempfile
import unittest
from pathlib import Path
from typing import Any

import make_campaign
import versus_cells
from reading import drawn, page_of, rewritten, study_of
from tailrace_report import claims, claims_page, stats, versus
from tailrace_report.claim_numbers import Found
from tailrace_report.errors import CampaignError
from tailrace_report.study import Study
from tailrace_report.tables import to_text

ACCEPT = "--accept"
GOLDEN = Path(__file__).with_name("golden") / "versus.txt"


class Versus(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)
        self.folder = versus_cells.write(self.scratch / "c")

    def study(self) -> Study:
        return study_of(self.folder)

    def verdicts(self, study: Study) -> dict[str, claims.Verdict]:
        return {verdict.claim.id: verdict for verdict in claims.judge(study)}

    def test_tables_are_as_agreed(self) -> None:
        study = self.study()
        shown = [*versus.grids(study), versus.features(study), claims_page.table(study)]
        text = "\n".join(to_text(table) for table in shown)
        if ACCEPT in sys.argv:
            GOLDEN.write_text(text, "utf-8")
        self.assertEqual(text, GOLDEN.read_text("utf-8"))

    def test_claims_are_judged_by_their_intervals(self) -> None:
        found = self.verdicts(self.study())
        wanted = {
            "E1": claims.CONFIRMED,
            "E2": claims.CONFIRMED,
            "E3": claims.CONFIRMED,
            "E4": claims.CONFIRMED,
            "E5": claims.CONFIRMED,
            "E6": claims.OPEN,  # the two rates are the same
            "E7": claims.OPEN,
            "E10": claims.CONFIRMED,
            "E12": claims.REFUTED,
            "E14": claims.OPEN,
            "E19": claims.OPEN,
        }
        self.assertEqual({name: found[name].word for name in wanted}, wanted)
        self.assertIn("asio-epoll is not in this campaign", found["E7"].why)
        self.assertIn("no measured point file-cold-4k-16", found["E19"].why)
        # One of its two relations holds, the other is within the noise.
        self.assertEqual([r.state for r in found["E14"].relations], [claims.HOLDS, claims.OPEN])

    def test_the_rule(self) -> None:
        def decided(ratio: float, claimed: str, than: float = 1.0, sd: float = 0.01) -> str:
            found = {at: ratio * math.exp(sd * ((5 * at) % 8 - 3.5) / 2.4) for at in range(8)}
            relation = claims.Relation("a", "closed-1x64", claimed, "b", than=than)
            (judged,) = claims.judged_all([(relation, Found(found))], 0.05)
            return judged.state

        self.assertEqual(decided(1.1, "above"), claims.HOLDS)
        self.assertEqual(decided(1.002, "above"), claims.OPEN)
        self.assertEqual(decided(0.9, "above"), claims.FAILS)
        self.assertEqual(decided(0.9, "below"), claims.HOLDS)
        self.assertEqual(decided(1.1, "below"), claims.FAILS)
        self.assertEqual(decided(1.01, "equal"), claims.HOLDS)
        self.assertEqual(decided(1.01, "equal", sd=0.1), claims.OPEN)
        self.assertEqual(decided(1.045, "equal", sd=0.02), claims.OPEN)  # above 1 / 1.05 only
        self.assertEqual(decided(1.10, "equal"), claims.FAILS)
        self.assertEqual(decided(0.90, "equal"), claims.FAILS)
        self.assertEqual(decided(1.5, "above", 5.0), claims.FAILS)
        self.assertEqual(decided(5.05, "equal", 5.0), claims.HOLDS)

    def test_relations_are_corrected_for_one_another(self) -> None:
        lot = random.Random(7)

        def noise(ratio: float) -> dict[int, float]:
            return {at: ratio * math.exp(lot.gauss(0.0, 0.01)) for at in range(8)}

        relation = claims.Relation("a", "closed-1x64", "above", "b")
        one = (relation, Found(noise(1.009)))
        self.assertEqual(claims.judged_all([one], 0.05)[0].state, claims.HOLDS)
        many = [one] + [(relation, Found(noise(1.0))) for _ in range(20)]
        states = [judged.state for judged in claims.judged_all(many, 0.05)]
        self.assertEqual(states[0], claims.OPEN)

    def test_few_blocks_decide_nothing(self) -> None:
        study = rewritten(self.folder, lambda cell: cell["block"] < stats.BLOCKS_FOR_INTERVAL - 1)
        found = self.verdicts(study)
        self.assertEqual({verdict.word for verdict in found.values()}, {claims.OPEN})
        self.assertIn("no interval from 5 generations", found["E3"].why)
        self.assertIn("1.22×", to_text(claims_page.table(study)))  # it is shown all the same

    def test_invalid_and_missing_cells_say_so_and_decide_nothing(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            form, point = cell["subject"]["form"], cell["point"]["id"]
            if form == "buffers-own" and point == "closed-50x64":
                cell["status"] = "invalid"
                cell["cause"] = "noise"
            if form == "naive":
                cell["status"] = "skipped"
                cell["cause"] = "io_uring is refused"
            return form != "taskrun-coop" and point != "closed-50x65536"

        study = rewritten(self.folder, change)
        found = self.verdicts(study)
        self.assertIn("(buffers-own) at closed-50x64: invalid in all generations", found["E3"].why)
        skipped = "bare-uring (naive) at closed-50x64: skipped in all generations"
        self.assertIn(skipped, found["E2"].why)
        self.assertIn("no measured point closed-50x65536", found["E4"].why)
        self.assertIn("bare-uring (taskrun-coop) is not in this campaign", found["E14"].why)
        for name in ("E2", "E3", "E4", "E14"):
            self.assertEqual(found[name].word, claims.OPEN)
        rows = [row for row in versus.features(study).rows if row[0] == "bare-uring (buffers-own)"]
        self.assertNotIn("50 × 64 B", [row[2] for row in rows])
        page_of(study)

    def test_features_name_what_they_set(self) -> None:
        rows = {(row[0], row[2]): row for row in versus.features(self.study()).rows}
        row = rows["bare-epoll (oneshot)", "50 × 64 B"]
        self.assertEqual(row[1], "register=oneshot")
        self.assertTrue(row[3].startswith("0.80×"), row[3])
        self.assertTrue(row[4].startswith("1.25×"), row[4])
        self.assertEqual(row[6], str(versus_cells.BLOCKS))

    def test_figures_have_a_panel_a_pair_and_measure(self) -> None:
        study = self.study()
        panels = list(versus.grid_panels(study))
        self.assertEqual(len(panels), 4)
        self.assertIn("50 × 64 B, depth 16", [row.label for row in panels[0].rows])
        self.assertTrue({"versus", "features"} <= drawn(study))
        page = page_of(study)
        for anchor in ("versus", "features", "claims"):
            self.assertIn(f'id="{anchor}"', page)

    def test_pairs_are_of_one_family_by_name_or_else_its_first(self) -> None:
        def change(cell: dict[str, Any]) -> bool:
            if cell["subject"]["id"] == "bare-epoll" and cell["subject"]["form"] == "oneshot":
                cell["subject"].update(id="steal", family="in-house", order=31, form="best")
            return True

        study = rewritten(self.folder, change)
        self.assertIn("steal", {who.id for who in study.subjects})
        pairs = [(of.id, to.id) for of, to in versus.pairs(study)]
        self.assertEqual(pairs, [("bare-uring", "bare-epoll"), ("uring", "local")])

    def test_without_a_pair_there_is_no_section(self) -> None:
        study = rewritten(self.folder, lambda cell: cell["subject"]["id"] != "bare-epoll")
        self.assertEqual([of.id for of, _ in versus.pairs(study)], ["uring"])
        study = rewritten(self.folder, lambda cell: cell["subject"]["id"] != "uring")
        self.assertEqual(versus.sections(study), [])
        self.assertIn("Published claims", page_of(study))  # some need no epoll
        other = make_campaign.write_campaign(self.scratch / "other", blocks=1, scale=1)
        self.assertNotIn('id="versus"', page_of(study_of(other)))

    def test_a_misspelt_claim_is_refused(self) -> None:
        good = '[[claim]]\nid = "X"\nsays = "a"\nsource = "b"\nrelations = [\n'
        good += '{of = "x", to = "y", at = "closed-1x64", claimed = "above"}]\n'
        place = self.scratch / "claims"
        place.mkdir()
        for text, words in (
            (good, ""),
            (good.replace("at =", "att ="), "unexpected keyword argument 'att'"),
            (good.replace('"above"', '"over"'), "unknown `measure` or `claimed`"),
            (good.replace('says = "a"', ""), "says"),
            ("[[claim", "claims/c.toml"),
        ):
            (place / "c.toml").write_text(text)
            if not words:
                self.assertEqual(claims.read(place)[0].relations[0].at, "closed-1x64")
                continue
            with self.subTest(text=text), self.assertRaises(CampaignError) as caught:
                claims.read(place)
            self.assertIn(words, caught.exception.sentences[0])


if __name__ == "__main__":
    unittest.main(argv=[word for word in sys.argv if word != ACCEPT])
