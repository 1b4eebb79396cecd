# SPDX-License-Identifier: MIT
"""The published claims as data: each can be measured by what its profile has, the profile `claims`
has nothing that no claim needs, and a verdict follows from relations alone."""

from __future__ import annotations

import json
import tempfile
import tomllib
import unittest
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import make_campaign
import make_micro
import versus_cells
from reading import study_of
from tailrace_report import claim_numbers, claims, claims_page
from tailrace_report.claim_numbers import Found
from tailrace_report.errors import CampaignError
from tailrace_report.tables import to_text

PROFILES = Path(__file__).resolve().parents[2] / "harness" / "profiles"
GENERATIONS = range(8)


def profile(name: str) -> dict[str, Any]:
    return tomllib.loads((PROFILES / f"{name}.toml").read_text("utf-8"))


def places(one: claims.Relation) -> Iterable[tuple[str, str, str]]:
    """Contestant, form and point of each number of a relation that is of a campaign's cells."""
    for name in filter(None, (one.of, one.to)):
        for at in filter(None, (one.at, one.since)):
            identity, _, form = name.partition(":")
            yield identity, form or "best", at


def steady(ratio: float, spread: float = 0.002) -> Found:
    return Found({at: ratio * (1 + spread * ((3 * at) % 8 - 3.5)) for at in GENERATIONS})


class Data(unittest.TestCase):
    def setUp(self) -> None:
        self.claims = claims.read()

    def test_all_of_them_are_there(self) -> None:
        names = {claim.id for claim in self.claims}
        wanted = [str(n) for n in range(1, 31)]
        wanted += [f"E{n}" for n in range(1, 20)] + [f"T{n}" for n in range(1, 11)]
        self.assertEqual(names, set(wanted))

    def test_each_is_measured_by_its_profile(self) -> None:
        for claim in self.claims:
            measured = profile(claim.profile)
            points = {point["id"]: point for point in measured["point"]}
            for one in claim.relations:
                if one.at.startswith(claim_numbers.MICRO):
                    continue
                for identity, form, at in places(one):
                    with self.subTest(claim.id, who=identity, form=form, at=at):
                        self.assertIn(identity, measured["contestants"])
                        if at == claim_numbers.COUNTED:
                            continue
                        self.assertIn(at, points)
                        forms = points[at].get("forms", measured["forms"])
                        self.assertIn(form, forms)
                        own = measured.get("form", {}).get(identity, {})
                        self.assertIn(form, ("best", "default", *own))

    def test_the_profile_has_nothing_that_no_claim_needs(self) -> None:
        measured = profile("claims")
        used = {
            place
            for claim in self.claims
            if claim.profile == "claims"
            for one in claim.relations
            for place in places(one)
        }
        self.assertEqual(
            {point["id"] for point in measured["point"]} - {at for _, _, at in used}, set()
        )
        self.assertEqual(set(measured["contestants"]) - {who for who, _, _ in used}, set())
        for identity, forms in measured["form"].items():
            for form in forms:
                asked = {at for who, of, at in used if (who, of) == (identity, form)}
                run = {p["id"] for p in measured["point"] if form in p.get("forms", ())}
                self.assertTrue(asked, f"{identity}:{form}")
                self.assertLessEqual(asked, run)

    def test_there_are_generations_enough(self) -> None:
        measured = profile("claims")
        few = [p["id"] for p in measured["point"] if p.get("blocks", measured["blocks"]) < 6]
        self.assertEqual(few, [])

    def test_an_id_given_twice_and_a_claim_without_anything_are_refused(self) -> None:
        one = '[[claim]]\nid = "X"\nsays = "a"\nsource = "b"\n'
        none = 'relations = [{of = "x", at = "y", claimed = "above", than = 0}]'
        with tempfile.TemporaryDirectory() as scratch:
            place = Path(scratch)
            for text, words in (
                (2 * (one + 'missing = "c"\n'), "has the id of another"),
                (one, "neither `relations` nor `missing`"),
                (one + none, "above 0"),
            ):
                (place / "c.toml").write_text(text)
                with self.assertRaises(CampaignError) as caught:
                    claims.read(place)
                self.assertIn(words, caught.exception.sentences[0])


class Judging(unittest.TestCase):
    def verdict(self, *found: Found, missing: str = "", claimed: str = "above") -> claims.Verdict:
        relations = tuple(claims.Relation(f"a{n}", "p", claimed, "b") for n in range(len(found)))
        claim = claims.Claim("X", "says", "source", relations, missing=missing)
        judged = claims.judged_all(list(zip(relations, found)), 0.05)
        return claims._verdict(claim, tuple(judged))

    def test_the_four_verdicts(self) -> None:
        holds, fails, unclear = steady(1.2), steady(0.8), steady(1.0, 0.05)
        for found, word in (
            ([holds, holds], claims.CONFIRMED),
            ([fails, fails], claims.REFUTED),
            ([fails, unclear], claims.REFUTED),
            ([holds, fails], claims.DEPENDS),
            ([holds, unclear], claims.OPEN),
            ([unclear], claims.OPEN),
            ([], claims.OPEN),
        ):
            self.assertEqual(self.verdict(*found).word, word)
        self.assertEqual(
            self.verdict(holds, fails).why, "holds for a0 / b; fails for a1 / b"
        )

    def test_open_says_what_it_would_take(self) -> None:
        absent = self.verdict(Found({}, "no measured point p"))
        self.assertEqual(absent.why, "no measured point p; `make claims` measures it")
        few = self.verdict(Found({0: 1.2, 1: 1.2}))
        self.assertEqual(few.why, "no interval from 2 generations; `make claims` measures it")
        unclear = self.verdict(steady(1.0, 0.05))
        self.assertEqual(unclear.why, "it is on neither side for certain")
        self.assertEqual(self.verdict(missing="load curves").why, "it takes load curves")
        self.assertIn("no ratio", self.verdict(Found(dict.fromkeys(GENERATIONS, -1.0))).why)

    def test_what_was_counted_is_decided_at_once(self) -> None:
        for ratio, claimed, word in (
            (1.5, "above", claims.CONFIRMED),
            (1.5, "below", claims.REFUTED),
            (1.0, "above", claims.REFUTED),
            (1.0, "below", claims.REFUTED),
            (1.0, "equal", claims.CONFIRMED),
            (1.04, "equal", claims.CONFIRMED),
            (1.06, "equal", claims.REFUTED),
        ):
            found = self.verdict(Found({0: ratio}, exact=True), claimed=claimed)
            self.assertEqual(found.word, word, (ratio, claimed))

    def test_a_relation_may_be_about_a_number(self) -> None:
        relation = claims.Relation("go", "memory-tasks", "equal", "", "task_bytes", 2000, "", 0.5)
        (judged,) = claims.judged_all([(relation, steady(2500))], 0.05)
        self.assertEqual(judged.state, claims.HOLDS)
        self.assertEqual(claims.relation_text(relation), "go, bytes a task at memory-tasks")
        self.assertEqual(claims.claimed_text(relation), "about 2,000 B (within 50 %)")
        self.assertIn("2,5", claims.value_text(relation, judged.estimate.median))


class Numbers(unittest.TestCase):
    def setUp(self) -> None:
        scratch = tempfile.TemporaryDirectory()
        self.addCleanup(scratch.cleanup)
        self.scratch = Path(scratch.name)

    def test_points_counts_and_micro_benchmarks_are_reached(self) -> None:
        folder = make_campaign.write_campaign(self.scratch / "c", blocks=2, scale=1)
        (folder / "micro.json").write_text(json.dumps(make_micro.micro()), "utf-8")
        study = study_of(folder)
        found = {
            measure: claim_numbers.found(study, who, at, measure)
            for who, at, measure in (
                ("local", "closed-50x64", "rate"),
                ("local", "counted", "calls"),
                ("local", "micro/yield_many/1", "time"),
            )
        }
        self.assertTrue(all(one.numbers for one in found.values()), found)
        self.assertTrue(found["calls"].exact)
        for who, at, measure, words in (
            ("nobody", "closed-50x64", "rate", "is not in this campaign"),
            ("local", "closed-9x9", "rate", "no measured point"),
            ("local", "micro/yield_many/7", "time", "has no micro/yield_many/7"),
            ("local", "micro/none/x", "time", "has no micro/none/x"),
            ("local:naive", "counted", "calls", "is not in this campaign"),
        ):
            one = claim_numbers.found(study, who, at, measure)
            self.assertEqual(one.numbers, {})
            self.assertIn(words, one.why)

    def test_all_claims_are_on_the_page_and_in_the_table(self) -> None:
        folder = versus_cells.write(self.scratch / "c")
        line = claims_page.write(folder, self.scratch / "out")
        self.assertRegex(line, r"^\d+ confirmed, \d+ refuted, \d+ depends, \d+ open, of 59 claims$")
        text = (self.scratch / "out" / "claims.md").read_text("utf-8")
        page = (self.scratch / "out" / "claims.html").read_text("utf-8")
        for claim in claims.read():
            self.assertIn(f"| {claim.id} |", text)
        self.assertIn("`make claims` measures it", text.replace("\\", ""))
        self.assertIn('id="confirmed"', page)
        self.assertIn('id="open"', page)
        again = self.scratch / "again"
        claims_page.write(folder, again)
        self.assertEqual((again / "claims.html").read_text("utf-8"), page)

    def test_a_report_has_those_that_it_can_tell_of_and_counts_the_others(self) -> None:
        table = claims_page.table(study_of(versus_cells.write(self.scratch / "c")))
        shown = {row[0] for row in table.rows}
        self.assertIn("E1", shown)
        self.assertNotIn("24", shown)
        self.assertIn("more claims stay open", to_text(table)
                      .replace("\n", " "))


if __name__ == "__main__":
    unittest.main()
